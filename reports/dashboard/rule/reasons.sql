-- Why units were not judged, as it may be shown, most frequent first.
SELECT rule_id, outcome, reason, units, shown
FROM mart.public_rule_reason
ORDER BY
    rule_id, list_position(['excluded', 'not_evaluable', 'pending'], outcome), reason = 'other reasons', units DESC NULLS LAST,
    reason
