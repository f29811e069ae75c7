-- One of a FHIR concept's codings {system, code, display}: the first in the first of some code systems (short names, as
-- code_system_of gives them) that has one, with that short name as its system; else the first of all, with `other` as its
-- system, or the one that was sent when `other` is NULL. NULL when no coding has a code.
CREATE OR REPLACE MACRO coding_in(codings, systems, other) AS
    list_concat(
        flatten(
            list_transform(
                systems,
                lambda known: [
                    {'system': known, 'code': c.code, 'display': c.display}
                    FOR c IN codings IF c.code IS NOT NULL AND code_system_of(c.system) = known
                ]
            )
        ),
        [
            {'system': coalesce(other, c.system), 'code': c.code, 'display': c.display}
            FOR c IN codings IF c.code IS NOT NULL
        ]
    )[1];
