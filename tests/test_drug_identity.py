"""Drug identity: which ingredient a row is, by which route, of which product class, and what told it.

One table holds every look-alike and pitfall: how a hospital may write a drug (`system:code | name | route | dose unit`, the
last ones left out when empty) and what must come of it (`matched_by ingredient/route group/product class`, several with
`;`, nothing when it is no listed drug). All of it is sent as one extract, loaded and built as a night's extract is.
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.project import find_project
from nightrounds.run import Run
from nightrounds.site import Site
from nightrounds.warehouse import build_facts

PROJECT = find_project()
COLUMNS = (
    "prescription_id", "patient_id", "drug_code", "drug_code_system", "drug_name", "route", "strength", "dose_unit", "start_date",
)  # fmt: skip
NO_DRUG = ""

TABLE: dict[str, list[tuple[str, str]]] = {
    "a code that was retired or renamed is still its drug": [
        ("rxnorm:24909 | ferric oxide, saccharated", "code:rxnorm iron sucrose/injectable"),
        ("rxnorm:24909 | iron sucrose 20 MG/ML", "code:rxnorm iron sucrose/injectable"),
        ("rxnorm:283517", "code:rxnorm iron sucrose/injectable"),
        ("rxnorm:312768", "code:rxnorm raloxifene/oral"),
        ("rxnorm:1490065", "code:rxnorm raloxifene/oral"),
        ("rxnorm:198186", "code:rxnorm quinine/oral"),
    ],
    "names that begin with A are known by their ingredient": [
        ("rxnorm:828529 | Albumin Human, USP", "code:rxnorm albumin human/injectable"),
        ("atc:B05AA01", "code:atc albumin human/injectable"),
        ("rxnorm:644", "code:rxnorm amiloride/unknown"),
        ("rxnorm:18346", "code:rxnorm artesunate/unknown"),
        ("rxnorm:60212", "code:rxnorm atovaquone/unknown"),
        ("rxnorm:161 | acetaminophen", NO_DRUG),
        ("rxnorm:1191 | aspirin", NO_DRUG),
    ],
    "a code of an ingredient says no route, the row may": [
        ("rxnorm:1292", "code:rxnorm baclofen/unknown"),
        ("rxnorm:1292 | baclofen", "code:rxnorm baclofen/unknown"),
        ("rxnorm:1292 | baclofen | oral", "code:rxnorm baclofen/oral"),
        ("rxnorm:1292 | baclofen | IT", "code:rxnorm baclofen/intrathecal"),
        ("rxnorm:1292 | baclofen 10 mg tab", "code:rxnorm baclofen/oral"),
        ("rxnorm:1292 | | | tablet", "code:rxnorm baclofen/oral"),
        ("rxnorm:0001292", "code:rxnorm baclofen/unknown"),
        ("rxnorm:1292.0", "code:rxnorm baclofen/unknown"),
        ("rxnorm:6585", "code:rxnorm magnesium/unknown"),
        ("rxnorm:6585 | magnesium sulfate | IV", "code:rxnorm magnesium/injectable/intravenous"),
        ("rxnorm:6585 | magnesium sulfate | PO", "code:rxnorm magnesium/oral/laxative_antacid"),
        ("rxnorm:52356", "code:rxnorm magnesium/unknown"),
        ("rxnorm:52356 | | oral", "code:rxnorm magnesium/oral/supplement"),
        ("rxnorm:52356 | | oral | mL", "code:rxnorm magnesium/oral/laxative_antacid"),
        ("rxnorm:6574", "code:rxnorm magnesium/unknown"),
        ("rxnorm:6574 | | oral", "code:rxnorm magnesium/oral/supplement"),
        ("rxnorm:3355 | | topical", "code:rxnorm diclofenac/topical"),
        ("rxnorm:7258", "code:rxnorm naproxen/unknown"),
        ("rxnorm:4099", "code:rxnorm conjugated estrogens/unknown"),
        ("rxnorm:21949", "code:rxnorm cyclobenzaprine/unknown"),
        ("rxnorm:9071", "code:rxnorm quinine/unknown"),
    ],
    "injected baclofen is intrathecal": [
        ("| baclofen 0.05 MG/ML Injection", "name baclofen/intrathecal"),
        ("| baclofen 2,000 mcg/mL injection", "name baclofen/intrathecal"),
        ("| baclofen 500 mcg/mL", "name baclofen/intrathecal"),
        ("| baclofen injection | IV", "name baclofen/intrathecal"),
        ("| baclofen | IM", "name baclofen/intrathecal"),
        ("| baclofen intrathecal pump", "name baclofen/intrathecal"),
        ("| baclofen PF 2,000 mcg/mL", "name baclofen/intrathecal"),
        ("| Gablofen 40,000 mcg/20 mL syringe", "name baclofen/intrathecal"),
        ("| Gablofen", "name baclofen/intrathecal"),
        ("rxnorm:1666620", "code:rxnorm baclofen/intrathecal"),
        ("rxnorm:1666620 | | oral", "code:rxnorm baclofen/intrathecal"),
        ("ndc:70121-2494-1", "code:ndc baclofen/intrathecal"),
    ],
    "Lioresal was a tablet and is a pump drug": [
        ("| Lioresal", "name baclofen/unknown"),
        ("rxnorm:202996", "code:rxnorm baclofen/unknown"),
        ("| Lioresal 10 mg tablet", "name baclofen/oral"),
        ("| Lioresal | | tablet", "name baclofen/oral"),
        ("| Lioresal Intrathecal 0.5 mg/mL", "name baclofen/intrathecal"),
        ("rxnorm:202109", "code:rxnorm baclofen/oral"),
        ("rxnorm:213725", "code:rxnorm baclofen/oral"),
    ],
    "liquids and granules of baclofen": [
        ("| Ozobax 5 mg/5 mL oral solution", "name baclofen/oral"),
        ("| Fleqsuvy", "name baclofen/oral"),
        ("| Lyvispah 10 mg granules", "name baclofen/oral"),
        ("| baclofen compounded suspension 10 mg/mL | PO", "name baclofen/oral"),
        ("| baclofen 5 mg/mL suspension", "name baclofen/unknown"),
        ("| ketamine-baclofen-gabapentin cream", NO_DRUG),
        ("| baclofen cream", NO_DRUG),
        ("| Bactroban", NO_DRUG),
    ],
    "an anatomical code may be shared by routes, and a class is no drug": [
        ("atc:M03BX01", "code:atc baclofen/unknown"),
        ("atc:m03bx01", "code:atc baclofen/unknown"),
        ("atc:M03 BX01", "code:atc baclofen/unknown"),
        ("atc:M03BX01 | baclofen 10 mg tablet", "code:atc baclofen/oral"),
        ("atc:M03BX01 | baclofen | intrathecal", "code:atc baclofen/intrathecal"),
        ("atc:M03BX", NO_DRUG),
        ("atc:M03B", NO_DRUG),
        ("atc:M03", NO_DRUG),
        ("atc:P01BC01", "code:atc quinine/unknown"),
        ("atc:P01BC", NO_DRUG),
        ("atc:M09AA72", "code:atc quinine/oral"),
        ("atc:M09AA01", NO_DRUG),
        ("atc:A12CC", NO_DRUG),
        ("atc:A06AD", NO_DRUG),
        ("atc:M01A", NO_DRUG),
        ("atc:N05AN01", NO_DRUG),
        ("atc:B03AC", NO_DRUG),
        ("atc:B03AC02", "code:atc iron sucrose/injectable"),
        ("atc:M02AA12", "code:atc naproxen/topical"),
        ("atc:M01AE02", "code:atc naproxen/unknown"),
        ("atc:M01AE52", "code:atc naproxen/unknown; code:atc esomeprazole/unknown"),
    ],
    "quinine is not quinidine and not what ends or begins like it": [
        ("rxnorm:9075", "code:rxnorm quinine/unknown"),
        ("rxnorm:9068", "code:rxnorm quinidine/unknown"),
        ("| quiNINE Sulfate 324 mg cap", "name quinine/oral"),
        ("| quinine bisulphate 300 mg tablets", "name quinine/oral"),
        ("| quinine dihydrochloride injection", "name quinine/injectable"),
        ("| Qualaquin", "name quinine/oral"),
        ("| quiNIDine gluconate ER 324 mg", "name quinidine/unknown"),
        ("| quinidine sulfate 200 mg tab", "name quinidine/oral"),
        ("| dextromethorphan-quinidine 20-10 mg capsule", "name quinidine/oral"),
        ("| Nuedexta", "name quinidine/unknown"),
        ("| quinapril 10 mg tablet", NO_DRUG),
        ("| chloroquine 250 mg tablet", "name chloroquine/oral"),
        ("| hydroxychloroquine 200 mg tablet", "name hydroxychloroquine/oral"),
        ("| hydroquinine 100 mg tablet", NO_DRUG),
        ("| quinacrine", NO_DRUG),
        ("| quinupristin-dalfopristin", NO_DRUG),
        ("| tonic water with quinine", NO_DRUG),
        ("| quinine allergy", NO_DRUG),
    ],
    "cyclobenzaprine": [
        ("| cycloBENZAprine HCl 10 mg tab", "name cyclobenzaprine/oral"),
        ("| cyclobenz 10", "name cyclobenzaprine/unknown"),
        ("| Flexeril", "name cyclobenzaprine/oral"),
        ("| Amrix 15 mg", "name cyclobenzaprine/oral"),
        ("| Fexmid 7.5", "name cyclobenzaprine/oral"),
        ("| Tonmya", "name cyclobenzaprine/other"),
        ("| Tonmya 2.8 mg sublingual tablet", "name cyclobenzaprine/other"),
        ("rxnorm:2723106", "code:rxnorm cyclobenzaprine/other"),
        ("rxnorm:2723114", "code:rxnorm cyclobenzaprine/other"),
        ("| cyclobenzaprine 2.8 mg SL tab", "name cyclobenzaprine/other"),
        ("| cyclobenzaprine topical cream", NO_DRUG),
        ("| cyproheptadine 4 mg tablet", NO_DRUG),
        ("| cyclophosphamide", NO_DRUG),
    ],
    "drugs that cause cramps": [
        ("| Iron Sucrose (Venofer) 200 mg/10 mL", "name iron sucrose/injectable"),
        ("| saccharated ferric oxide", "name iron sucrose/injectable"),
        ("| sucroferric oxyhydroxide 500 mg chewable tablet", NO_DRUG),
        ("| Velphoro", NO_DRUG),
        ("| sodium ferric gluconate complex in sucrose", NO_DRUG),
        ("| ferric carboxymaltose", NO_DRUG),
        ("| sucralfate 1 g tablet", NO_DRUG),
        ("| naproxen 500 mg tablet", "name naproxen/oral"),
        ("| Aleve 220 mg", "name naproxen/oral"),
        ("| EC-Naprosyn", "name naproxen/oral"),
        ("| sumatriptan-naproxen 85-500 mg tablet", "name naproxen/oral"),
        ("| naproxen-esomeprazole mag 500-20 mg tab", "name naproxen/oral; name esomeprazole/oral"),
        ("| naproxen 10% gel", "name naproxen/topical"),
        ("| naproxen topical", "name naproxen/topical"),
        ("| naproxen | topical", "name naproxen/topical"),
        ("| estrogens, conjugated 0.625 mg tab", "name conjugated estrogens/oral"),
        ("| conj estrogens", "name conjugated estrogens/unknown"),
        ("| Premarin", "name conjugated estrogens/unknown"),
        ("| Premarin 25 mg vial", "name conjugated estrogens/injectable"),
        ("| Premarin 0.625 mg/g cream", "name conjugated estrogens/vaginal"),
        ("| Prempro 0.3-1.5", "name conjugated estrogens/oral"),
        ("| esterified estrogens 0.625 mg", NO_DRUG),
        ("| medroxyprogesterone 2.5 mg tablet", NO_DRUG),
        ("| estradiol 1 mg tablet", NO_DRUG),
        ("| Evista 60 mg", "name raloxifene/oral"),
        ("| Forteo", "name teriparatide/injectable"),
        ("rxnorm:32915", "code:rxnorm teriparatide/injectable"),
        ("atc:H05AA02", "code:atc teriparatide/injectable"),
        ("| Yorvipath", NO_DRUG),
        ("| palopegteriparatide", NO_DRUG),
        ("atc:H05AA05", NO_DRUG),
    ],
    "magnesium as a supplement": [
        ("| magnesium oxide 400 mg tablet", "name magnesium/oral/supplement"),
        ("| MAGNESIUM OXIDE   400 MG TAB", "name magnesium/oral/supplement"),
        ("| magnesium (as oxide) 500 mg cap", "name magnesium/oral/supplement"),
        ("| Mg oxide 400 mg | PO", "name magnesium/oral/supplement"),
        ("| Mag-Ox 400", "name magnesium/oral/supplement"),
        ("| MagOx 400 mg tab", "name magnesium/oral/supplement"),
        ("| Slow-Mag 535 mg", "name magnesium/oral/supplement"),
        ("| Mag64", "name magnesium/oral/supplement"),
        ("| Mag-Tab SR 84 mg", "name magnesium/oral/supplement"),
        ("| magnesium glycinate 120 mg capsule", "name magnesium/oral/supplement"),
        ("| magnesium L-threonate 2000 mg cap", "name magnesium/oral/supplement"),
        ("| magnesium chloride SR 64 mg tablet", "name magnesium/oral/supplement"),
        ("| magnesium citrate 100 mg tablet", "name magnesium/oral/supplement"),
        ("| calcium-magnesium-zinc tablet", "name magnesium/oral/supplement"),
        ("| potassium-magnesium aspartate tab", "name magnesium/oral/supplement"),
        ("rxnorm:198741", "code:rxnorm magnesium/oral/supplement"),
        ("rxnorm:198936", "code:rxnorm magnesium/oral/supplement"),
        ("atc:A12CC10", "code:atc magnesium/oral/supplement"),
    ],
    "magnesium as a laxative or an antacid": [
        ("| Phillips' Milk of Magnesia 400 mg/5 mL", "name magnesium/oral/laxative_antacid"),
        ("| MOM 30 mL | PO", "name magnesium/oral/laxative_antacid"),
        ("| M.O.M. | PO", "name magnesium/oral/laxative_antacid"),
        ("| magnesium hydroxide", "name magnesium/oral/laxative_antacid"),
        ("| magnesium citrate 1.745 g/30 mL oral solution", "name magnesium/oral/laxative_antacid"),
        ("| Citroma", "name magnesium/oral/laxative_antacid"),
        ("| alum-mag hydroxide-simeth 200-200-20 mg/5 mL susp", "name magnesium/oral/laxative_antacid"),
        ("| Mylanta Maximum Strength", "name magnesium/oral/laxative_antacid"),
        ("| Epsom salt | PO", "name magnesium/oral/laxative_antacid"),
        ("| magnesium sulfate | oral", "name magnesium/oral/laxative_antacid"),
        ("atc:A06AD02", "code:atc magnesium/oral/laxative_antacid"),
        ("atc:A02AA04", "code:atc magnesium/oral/laxative_antacid"),
        ("rxnorm:6581", "code:rxnorm magnesium/unknown/laxative_antacid"),
    ],
    "magnesium as a bowel preparation": [
        ("| Suprep bowel prep kit | PO", "name magnesium/oral/bowel_prep"),
        ("| Sutab", "name magnesium/oral/bowel_prep"),
        ("| Clenpiq", "name magnesium/oral/bowel_prep"),
        ("| sod picosulf-mag ox-citric ac", "name magnesium/oral/bowel_prep"),
        ("| sodium,potassium,mag sulfates 17.5-3.13-1.6 gram", "name magnesium/oral/bowel_prep"),
        ("| sodium, potassium and magnesium sulfates solution", "name magnesium/oral/bowel_prep"),
        ("| sod/pot/magnesium sulfates (Suprep)", "name magnesium/oral/bowel_prep"),
        ("| magnesium carb-Al hydrox (Gaviscon) 95-358 mg/15 mL susp", "name magnesium/oral/laxative_antacid"),
        ("| Magnesium citrate (CITROMA)", "name magnesium/oral/laxative_antacid"),
        ("| Baclofén 10 mg tablet", "name baclofen/oral"),
        ("| sod sulf-potass sulf-mag sulf 17.5-3.13-1.6 gram oral soln", "name magnesium/oral/bowel_prep"),
        ("rxnorm:1304093", "code:rxnorm magnesium/unknown/bowel_prep"),
    ],
    "magnesium into a vein or a muscle": [
        ("| magnesium sulfate in water 4 g/100 mL", "name magnesium/injectable/intravenous"),
        ("| magnesium sulfate 50% vial | IM", "name magnesium/injectable/intravenous"),
        ("| magnesium chloride 200 mg/mL injection", "name magnesium/injectable/intravenous"),
        ("| MgSO4 2 g IVPB", "name magnesium/injectable/intravenous"),
        ("atc:B05XA05", "code:atc magnesium/injectable/intravenous"),
        ("atc:A12CC02 | | IV", "code:atc magnesium/injectable/intravenous"),
    ],
    "magnesium that is a salt of another drug, a trace or a bath": [
        ("| esomeprazole magnesium 40 mg DR capsule", "name esomeprazole/oral"),
        ("| Esomeprazole Mag 40 mg", "name esomeprazole/unknown"),
        ("| omeprazole magnesium 20 mg", "name omeprazole/unknown"),
        ("| pitavastatin magnesium 2 mg tablet", "name pitavastatin/oral"),
        ("| choline-magnesium trisalicylate 500 mg tablet", NO_DRUG),
        ("| magnesium salicylate 580 mg", NO_DRUG),
        ("| calcium carbonate tablet (contains magnesium stearate)", NO_DRUG),
        ("| TPN electrolytes with magnesium", NO_DRUG),
        ("| prismasol bgk 2/3.5 with magnesium", NO_DRUG),
        ("| plasma-lyte A", NO_DRUG),
        ("| lactated ringers", NO_DRUG),
        ("| calcium,magnesium,potassium,sodium oxybates", NO_DRUG),
        ("| Xywav 0.5 g/mL", NO_DRUG),
        ("| multivitamin with minerals (magnesium)", NO_DRUG),
        ("| prenatal vitamin with magnesium", NO_DRUG),
        ("| magnesium lotion", NO_DRUG),
        ("| epsom salt bath", NO_DRUG),
        ("| magnesium level", NO_DRUG),
        ("| manganese 50 mg tablet", NO_DRUG),
    ],
    "codes of impossible products": [
        ("rxnorm:890854", NO_DRUG),
        ("rxnorm:890858", NO_DRUG),
        ("rxnorm:891134 | aspirin 15600 MG Oral Tablet", NO_DRUG),
    ],
    "national drug codes of 9, 10 and 11 digits, with and without hyphens": [
        ("ndc:00115-1010-01", "code:ndc baclofen/oral"),
        ("ndc:0115-1010-01", "code:ndc baclofen/oral"),
        ("ndc:00115-1010", "code:ndc baclofen/oral"),
        ("ndc:00115101001", "code:ndc baclofen/oral"),
        ("ndc:00115 1010 01", "code:ndc baclofen/oral"),
        ("ndc:0115101001", "code:ndc baclofen/oral"),
        ("ndc:001151010", "code:ndc baclofen/oral"),
        ("ndc:0115101001 | baclofen", "code:ndc baclofen/oral"),
        # Ten bare digits can be read in three ways: a name that says another drug outweighs them.
        ("ndc:0115101001 | captopril", NO_DRUG),
        ("ndc:49708-153-53", "code:ndc quinine/oral"),
        ("ndc:49708-0153-53", "code:ndc quinine/oral"),
        ("ndc:4970815353", "code:ndc quinine/oral"),
        ("ndc:49708015353", "code:ndc quinine/oral"),
        ("ndc:0", NO_DRUG),
        ("ndc:99999999999", NO_DRUG),
        ("ndc:115101001", NO_DRUG),
    ],
    "substances of SNOMED CT": [
        ("snomed:387342009", "code:snomed baclofen/unknown"),
        ("snomed:387342009 | | oral", "code:snomed baclofen/oral"),
        ("snomed:387342009 | Baclofen (substance) | intrathecal", "code:snomed baclofen/intrathecal"),
    ],
    "a code without its system is none, the name speaks": [
        ("local:197391 | captopril 25 mg tablet", NO_DRUG),
        (":197391 | quinine sulfate 324 mg capsule", "name quinine/oral"),
        ("local:1292 | baclofen 10 mg tablet", "name baclofen/oral"),
    ],
    "codes that public lists have wrong stand for what they are": [
        ("rxnorm:197391 | Aspirin 81 MG", "code:rxnorm baclofen/oral"),
        ("rxnorm:283742 | Quinine sulfate 324 MG", "code:rxnorm esomeprazole/unknown"),
    ],
    "combinations count for each ingredient, and only for those": [
        ("| lisinopril-hydrochlorothiazide 20-25 mg tab", "name hydrochlorothiazide/oral"),
        ("| lisinopril 10 mg tablet", NO_DRUG),
        ("| spironolactone-hctz 25-25 mg tab", "name spironolactone/oral; name hydrochlorothiazide/oral"),
        ("| carisoprodol-aspirin-codeine tab", "name carisoprodol/oral; name codeine/oral"),
        ("| acetaminophen-codeine #3 tab", "name codeine/oral"),
        ("| fluticasone-salmeterol 250-50 inhaler", "name salmeterol/other"),
        ("| paclitaxel protein-bound (albumin)", NO_DRUG),
    ],
    "drugs of the sets, and those left out of them": [
        ("| diclofenac 75 mg tablet", "name diclofenac/oral"),
        ("| diclofenac 1% gel", NO_DRUG),
        ("| doxepin 5% cream", "name doxepin/topical"),
        ("| vonoprazan 20 mg tab", "name vonoprazan/oral"),
        ("| enoxaparin 40 mg/0.4 mL syringe", "name enoxaparin/injectable"),
        ("| heparin 5000 unit/mL vial", NO_DRUG),
        ("| heparin lock flush", NO_DRUG),
        ("| linezolid 600 mg tablet", NO_DRUG),
        ("| methylene blue", NO_DRUG),
        ("| lithium carbonate 300 mg", NO_DRUG),
        ("| glucosamine 500 mg tablet", NO_DRUG),
        ("| finerenone 10 mg tablet", NO_DRUG),
        ("| levofloxacin 500 mg tablet", NO_DRUG),
        ("| ondansetron 4 mg tablet", NO_DRUG),
        ("| fluconazole 150 mg tablet", NO_DRUG),
        ("| trazodone 50 mg tablet", NO_DRUG),
        ("| mirtazapine 15 mg tablet", NO_DRUG),
        ("| ciprofloxacin ear drops", NO_DRUG),
    ],
}  # fmt: skip
CASES = [(idea, given, expected) for idea, cases in TABLE.items() for given, expected in cases]

# Name sent -> why it is listed as near to a listed drug.
NEAR_NAMES = {
    "hydroquinine 100 mg tablet": "part of a word",
    "palopegteriparatide": "part of a word",
    "tonic water with quinine": "false friend",
    "choline-magnesium trisalicylate 500 mg tablet": "false friend",
    "magnesium salicylate 580 mg": "false friend",
    "cyclobenzaprine topical cream": "false friend",
    "ketamine-baclofen-gabapentin cream": "false friend",
    "esterified estrogens 0.625 mg": "false friend",
    "backlofen 10 mg": "spelt almost so",
    "cyclobenzaprin": "spelt almost so",
}
# Code and name sent -> the ingredient that the code stands for and the name does not say.
CONFLICTS = {
    ("197391", "Aspirin 81 MG"): "baclofen",
    ("283742", "Quinine sulfate 324 MG"): "esomeprazole",
    ("32915", "Yorvipath"): "teriparatide",
    ("00115101001", "captopril 25 mg tablet"): "baclofen",
    ("9068", "quinine"): "quinidine",
}
# RxNorm code, name and strength sent -> mg of a tablet; None where two of them tell different ones.
STRENGTHS: dict[tuple[str, str, str], float | None] = {
    ("197391", "baclofen 10 mg tablet", ""): 10,
    ("197391", "baclofen", "10 MG"): 10,
    ("197391", "baclofen 20 mg tablet", ""): None,
    ("197391", "baclofen tablet", "5 mg"): None,
    ("197391", "Lioresal", "10mg/1"): 10,
    ("", "baclofen 20 mg tablet", "10 mg"): None,
    ("", "baclofen 20 mg tablet", "20 mg"): 20,
    # Salt or base, rounded or not: the same tablet.
    ("242835", "quinine sulfate 324 mg tablet", ""): 325,
    ("1117227", "naproxen sodium 200 mg", ""): 220,
    # Of magnesium one names the salt, the other the element.
    ("198741", "magnesium oxide 241.3 mg tablet", ""): 400,
}
# Name of a tablet -> mg of elemental magnesium in it.
ELEMENTS = {
    "Slow-Mag 71.5 mg EC tablet": 71.5,
    "magnesium chloride 64 mg tablet,delayed release": 64,
    "magnesium chloride 535 mg DR tablet": 535 * 0.120,
    "magnesium L-lactate 84 mg ER tablet": 84,
    "magnesium lactate 84 mg ER tablet": 84,
    "magnesium gluconate 27.5 mg tablet": 27.5,
    "magnesium gluconate 500 mg tablet": 500 * 0.054,
    "magnesium oxide 400 mg tablets": 400 * 0.603,
    "magnesium oxide 84 mg tablet": 84 * 0.603,
}
# Sets -> ingredients that must be in them, and that must not although a look at the name or the class would say so.
SETS: dict[str, tuple[set[str], set[str]]] = {
    "qt_prolonging": (
        {"quinidine", "sotalol", "hydroxychloroquine", "methadone"},
        {"quinine", "ciprofloxacin", "levofloxacin", "escitalopram", "ondansetron", "fluconazole"},
    ),
    "cns_active": (
        {"baclofen", "cyclobenzaprine", "zolpidem", "gabapentin", "oxycodone"},
        {"dantrolene", "midazolam", "remifentanil", "trazodone", "mirtazapine", "bupropion", "lithium"},
    ),
    "mao_inhibitor": ({"phenelzine", "selegiline"}, {"linezolid", "methylene blue", "procarbazine"}),
    "anticoagulant": ({"warfarin", "enoxaparin"}, {"heparin"}),
    "ppi": ({"esomeprazole", "vonoprazan"}, {"famotidine"}),
    "nsaid_systemic": ({"naproxen", "ibuprofen"}, {"aspirin", "glucosamine"}),
    "diuretic_ksparing": ({"spironolactone", "amiloride"}, {"finerenone"}),
    "diuretic_thiazide": ({"chlorthalidone", "indapamide", "metolazone"}, set()),
    "laba": ({"salmeterol", "arformoterol", "vilanterol"}, {"albuterol"}),
    "opioid": ({"codeine", "oxycodone"}, {"naloxone"}),
}
# Ingredients whose codes alone imply swallowing: no product of theirs is given otherwise.
ONLY_SWALLOWED = {"raloxifene", "midodrine"}


def cells(given: str) -> dict[str, str]:
    """Cells of a row from `system:code | name | route | dose unit`."""
    code, name, route, unit = ([part.strip() for part in given.split("|")] + ["", "", ""])[:4]
    system, _, number = code.partition(":")
    return {"drug_code": number, "drug_code_system": system, "drug_name": name, "route": route, "dose_unit": unit}


def padded(row: dict[str, str]) -> dict[str, str]:
    """The same row with blanks of several kinds around every cell that holds something."""
    return {name: f"\t {cell} \u00a0 " if cell else cell for name, cell in row.items()}


def shouted(row: dict[str, str]) -> dict[str, str]:
    return {**row, "drug_name": row["drug_name"].upper(), "route": row["route"].upper(), "drug_code": row["drug_code"].upper()}


def whispered(row: dict[str, str]) -> dict[str, str]:
    return {name: cell.lower() for name, cell in row.items()}


def ingredient_codes() -> list[tuple[str, str, str]]:
    """Codes of the project's lists that stand for an ingredient, whatever the product, in systems that know products too."""
    files = sorted(str(path) for path in (PROJECT.rules / "codelists").glob("drug_*.csv"))
    return duckdb.execute(
        "SELECT DISTINCT system, code, ingredient FROM read_csv($files, all_varchar = true, union_by_name = true) "
        "WHERE level = 'ingredient' AND system IN ('rxnorm', 'snomed') ORDER BY ALL",
        {"files": files},
    ).fetchall()


def rows() -> Iterator[dict[str, str]]:
    """Every row of the extract; the id tells the table, the case and how it was written."""
    for number, (_, given, _) in enumerate(CASES):
        for how, write in (("plain", dict), ("padded", padded), ("shouted", shouted), ("whispered", whispered)):
            yield {**write(cells(given)), "prescription_id": f"{how}-{number}"}
    for number, name in enumerate(NEAR_NAMES):
        yield {"prescription_id": f"near-{number}", "drug_name": name}
    for number, (code, name) in enumerate(CONFLICTS):
        system = "ndc" if len(code) == 11 else "rxnorm"
        yield {"prescription_id": f"conflict-{number}", "drug_code": code, "drug_code_system": system, "drug_name": name}
    for number, (code, name, strength) in enumerate(STRENGTHS):
        told = {"drug_code": code, "drug_code_system": "rxnorm" if code else "", "drug_name": name, "strength": strength}
        yield {"prescription_id": f"strength-{number}", **told, "dose_unit": "tablet"}
    for number, name in enumerate(ELEMENTS):
        yield {"prescription_id": f"element-{number}", "drug_name": name, "dose_unit": "tablet"}
    for system, code, _ in ingredient_codes():
        yield {"prescription_id": f"{system}-{code}", "drug_code": code, "drug_code_system": system}
    yield {"prescription_id": "impossible", "drug_name": "magnesium oxide 276000 MG tablet", "dose_unit": "tablet"}


def write_extract(folder: Path) -> None:
    """Write one patient and one prescription a row; no laboratory result."""
    sent = [{**row, "patient_id": row["prescription_id"], "start_date": "2026-01-01"} for row in rows()]
    with (folder / "prescriptions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(sent)
    people = "".join(f"{row['patient_id']},1960-01-01,female\n" for row in sent)
    (folder / "patients.csv").write_text(f"patient_id,birth_date,sex\n{people}", encoding="utf-8")
    (folder / "labs.csv").write_text("lab_id,patient_id,collected_at,test_code,value\n", encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The whole table, loaded and built once."""
    folder = tmp_path_factory.mktemp("identity")
    write_extract(folder)
    night = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    run = Run(PROJECT, Site(name="identity"), folder, "native", folder, folder / "w.duckdb", date(2026, 3, 1), night, "a test")
    load(run)
    with connect(run.building) as con:
        assert con.execute("SELECT count(*) FROM audit.quarantine").fetchall() == [(0,)]
        build_facts(con, PROJECT.sql, run.values)
        yield con


def found(con: duckdb.DuckDBPyConnection, row_id: str) -> set[str]:
    """What one row was taken for, written as in the table."""
    query = """
        SELECT matched_by || ' ' || concat_ws('/', ingredient, route_group, product_class)
        FROM facts.prescriptions WHERE row_id = ?
    """
    return {text for (text,) in con.execute(query, [row_id]).fetchall()}


@pytest.mark.parametrize("how", ["plain", "padded", "shouted", "whispered"])
@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{idea}: {given}" for idea, given, _ in CASES])
def test_a_row_is_the_drug_that_it_says(built: duckdb.DuckDBPyConnection, number: int, how: str) -> None:
    _, given, expected = CASES[number]
    assert found(built, f"{how}-{number}") == {part.strip() for part in expected.split(";") if part}, given


def test_a_case_is_listed_once() -> None:
    assert len({given for _, given, _ in CASES}) == len(CASES)


def test_a_code_of_an_ingredient_makes_no_oral_course(built: duckdb.DuckDBPyConnection) -> None:
    sent = {f"{system}-{code}" for system, code, _ in ingredient_codes()}
    courses = built.execute("SELECT patient_id, ingredient, route_group FROM facts.exposures").fetchall()
    alone = [(ingredient, route) for patient, ingredient, route in courses if patient in sent]
    assert len(alone) >= len(sent) > 300
    assert {ingredient for ingredient, route in alone if route == "oral"} == ONLY_SWALLOWED


def test_names_that_come_near_a_listed_drug_and_match_none_are_listed(built: duckdb.DuckDBPyConnection) -> None:
    listed = dict(built.execute("SELECT drug_name, because FROM clean.unmapped_near_names").fetchall())
    assert {name: listed.get(name) for name in NEAR_NAMES} == NEAR_NAMES


def test_a_code_and_a_name_that_disagree_are_listed(built: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT drug_code, drug_name, ingredient FROM clean.drug_code_conflicts"
    listed = {(code, name): ingredient for code, name, ingredient in built.execute(query).fetchall()}
    assert {pair: listed.get(pair) for pair in CONFLICTS} == CONFLICTS


@pytest.mark.parametrize("name", SETS)
def test_a_set_holds_what_it_says_and_nothing_that_was_left_out(built: duckdb.DuckDBPyConnection, name: str) -> None:
    query = "SELECT DISTINCT ingredient FROM facts.drug_sets WHERE list = ?"
    members = {ingredient for (ingredient,) in built.execute(query, [name]).fetchall()}
    inside, outside = SETS[name]
    assert inside <= members
    assert not outside & members


@pytest.mark.parametrize("number", range(len(STRENGTHS)), ids=[" | ".join(told) for told in STRENGTHS])
def test_a_strength_of_which_two_are_told_is_not_known(built: duckdb.DuckDBPyConnection, number: int) -> None:
    query = "SELECT mg_per_dose_unit FROM clean.prescriptions WHERE row_id = ?"
    assert built.execute(query, [f"strength-{number}"]).fetchall() == [(list(STRENGTHS.values())[number],)]


def test_a_code_and_a_name_of_another_strength_are_listed(built: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT drug_name FROM clean.drug_code_conflicts WHERE contains(drug_name, 'baclofen')"
    assert {name for (name,) in built.execute(query).fetchall()} == {"baclofen 20 mg tablet", "baclofen tablet"}


@pytest.mark.parametrize(("name", "elemental"), ELEMENTS.items())
def test_a_small_strength_of_a_heavy_salt_is_that_of_the_element(
    built: duckdb.DuckDBPyConnection, name: str, elemental: float
) -> None:
    query = "SELECT elemental_mg_per_dose_unit FROM clean.prescriptions WHERE drug_name = ? AND dose_unit = 'tablet'"
    ((found,),) = built.execute(query, [name]).fetchall()
    assert found == pytest.approx(elemental)


def test_an_impossible_strength_is_not_believed(built: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT ingredient, strength_mg, mg_per_dose_unit FROM clean.product_drugs WHERE contains(drug_name, '276000')"
    assert built.execute(query).fetchall() == [("magnesium", None, None)]
