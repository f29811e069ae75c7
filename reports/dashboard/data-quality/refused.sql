-- Files that were refused whole.
SELECT DISTINCT reason FROM audit.refused ORDER BY reason
