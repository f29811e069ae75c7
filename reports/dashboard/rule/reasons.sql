-- Why units were not judged, as it may be shown, most frequent first.
SELECT outcome, reason, units, shown
FROM mart.public_rule_reason
WHERE rule_id = $rule_id
ORDER BY
    list_position(['excluded', 'not_evaluable', 'pending'], outcome), reason = 'other reasons', units DESC NULLS LAST, reason
