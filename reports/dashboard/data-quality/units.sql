-- Units in which results came, each analyte once.
SELECT
    analyte,
    list(
        {'unit': unit, 'results': results, 'shown': shown, 'contradicted': contradicted}
        ORDER BY results DESC NULLS LAST, unit NULLS LAST
    ) AS units
FROM mart.public_lab_unit
GROUP BY analyte
ORDER BY analyte
