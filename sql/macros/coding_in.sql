-- The first of a FHIR concept's codings {system, code, display} that is in the first of some code systems (short names as
-- code_system_of gives them) to have one; NULL when none is in any of them.
CREATE OR REPLACE MACRO coding_in(codings, systems) AS
    list_filter(
        list_transform(
            systems,
            lambda system: list_filter(codings, lambda c: code_system_of(c.system) = system AND c.code IS NOT NULL)[1]
        ),
        lambda c: c IS NOT NULL
    )[1];
