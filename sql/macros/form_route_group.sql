-- Route group that the words of a product (from words_of) imply: a route named outright goes before a dose form.
-- NULL when no word says it: `solution` and `suspension` alone can be swallowed, injected or put on.
CREATE OR REPLACE MACRO form_route_group(words) AS
    CASE
        WHEN words IS NULL THEN NULL
        WHEN regexp_matches(words, ' (intrathecal|intrathecally) ') THEN 'intrathecal'
        WHEN regexp_matches(words, ' (vaginal|vaginally) ') THEN 'vaginal'
        WHEN regexp_matches(words, ' (ophthalmic|eye) ') THEN 'ophthalmic'
        WHEN regexp_matches(
            words,
            ' (rectal|rectally|suppository|suppositories|supp|enema|nasal|otic|ear|inhalation|inhaler|inhalant|nebuliser|'
            || 'nebulizer|sublingual|sublingually|sl|buccal|irrigation|intraperitoneal|dialysate) '
        ) THEN 'other'
        WHEN regexp_matches(words, ' (topical|topically|transdermal|patch|patches|cream|ointment|lotion) ') THEN 'topical'
        WHEN regexp_matches(
            words,
            ' (oral|orally|by  mouth|po|tablet|tablets|tab|tabs|capsule|capsules|cap|caps|caplet|caplets|softgel|softgels|'
            || 'pill|pills|odt|chewable|chewables|chew|gummy|gummies|lozenge|lozenges|granules|syrup|elixir|udcup) '
        ) THEN 'oral'
        WHEN regexp_matches(
            words,
            ' (injection|injectable|inject|inj|intravenous|intravenously|iv|ivpb|intramuscular|im|subcutaneous|'
            || 'subcutaneously|vial|vials|ampul|ampule|ampoule|ampoules|amp|syringe|syringes|pen|autoinjector|infusion|premix) '
        ) THEN 'injectable'
        WHEN regexp_matches(words, ' gel ') THEN 'topical'
    END;
