"""The few drugs and codes of the invented patients, and what the page's words mean among them."""

from second_reading.chart import Drug

BACLOFEN_5 = Drug("430902", "baclofen 5 MG Oral Tablet", "baclofen", 5)
BACLOFEN_10 = Drug("197391", "baclofen 10 MG Oral Tablet", "baclofen", 10)
BACLOFEN_20 = Drug("197392", "baclofen 20 MG Oral Tablet", "baclofen", 20)
BACLOFEN_PUMP = Drug("308517", "20 ML baclofen 0.5 MG/ML Injection", "baclofen", 0.5, "intrathecal")
OXIDE = Drug("198741", "magnesium oxide 400 MG Oral Tablet", "magnesium", 400, "oral", "supplement", "oxide", 0.603)
CHLORIDE = Drug(
    "829373", "magnesium chloride 535 MG Delayed Release Oral Tablet", "magnesium", 535, "oral", "supplement", "chloride", 0.120
)
HYDROXIDE = Drug(
    "253017", "magnesium hydroxide 80 MG/ML Oral Suspension", "magnesium", 80, "oral", "laxative_antacid", "hydroxide", 0.417
)
QUININE = Drug("997010", "quinine sulfate 324 MG Oral Capsule", "quinine", 324)
CYCLOBENZAPRINE = Drug("828348", "cyclobenzaprine hydrochloride 10 MG Oral Tablet", "cyclobenzaprine", 10)
# What an extract sends that names a drug and says nothing of its route.
BACLOFEN_UNROUTED = Drug("1292", "baclofen", "baclofen", 10, "unknown")
CYCLOBENZAPRINE_UNROUTED = Drug("21949", "cyclobenzaprine", "cyclobenzaprine", 10, "unknown")
NAPROXEN_UNROUTED = Drug("7258", "naproxen", "naproxen", 500, "unknown")
NAPROXEN_GEL = Drug("7258", "naproxen gel", "naproxen", 100, "topical")
NAPROXEN = Drug("198014", "naproxen 500 MG Oral Tablet", "naproxen", 500)
RALOXIFENE = Drug("1490065", "raloxifene hydrochloride 60 MG Oral Tablet", "raloxifene", 60)
ESTROGENS = Drug("197660", "estrogens, conjugated (USP) 0.3 MG Oral Tablet", "conjugated estrogens", 0.3)
TERIPARATIDE = Drug("32915", "teriparatide", "teriparatide", 0.02, "injectable")
IRON = Drug("24909", "iron sucrose", "iron sucrose", 100, "injectable")
FUROSEMIDE = Drug("313988", "furosemide 40 MG Oral Tablet", "furosemide", 40)
SPIRONOLACTONE = Drug("198223", "spironolactone 50 MG Oral Tablet", "spironolactone", 50)
ZOLPIDEM = Drug("854876", "zolpidem tartrate 5 MG Oral Tablet", "zolpidem", 5)
GABAPENTIN = Drug("310431", "gabapentin 300 MG Oral Capsule", "gabapentin", 300)
SERTRALINE = Drug("312941", "sertraline 50 MG Oral Tablet", "sertraline", 50)

CRAMP_CAUSES = {"iron sucrose", "conjugated estrogens", "raloxifene", "naproxen", "teriparatide"}
DIURETICS = {"furosemide", "spironolactone"}
CNS_ACTIVE = {"zolpidem", "gabapentin", "sertraline"}
GIVEN_IN_THE_CLINIC = {"iron sucrose"}

CRAMP_CODES = {"R25.2", "G47.62", "M62.831"}
CRAMP_SIG = "one tablet at night for leg cramps"
SPASTICITY_CODES = {"G35", "G80.9"}
HOSPICE_CODES = {"Z51.5"}
WITHDRAWAL_CODES = {"R56.9", "R44.1", "R41.0"}
TAPER_SIG = "taper by 5 mg every week, then stop"
FALL_CODES = {"R29.6"}
DEMENTIA_CODES = {"F03"}
CIRRHOSIS_CODES = {"K74.60"}
LOW_MAGNESIUM_CODES = {"E83.42"}
DIABETES_CODES = {"E11.9"}
HEART_FAILURE_CODES = {"I50.9"}
# What a stage stands for when there is no eGFR, the worst first. N18.9 is a kidney disease without a stage.
STAGES = {"N18.6": 10.0, "N18.5": 10.0, "N18.4": 22.0, "N18.32": 37.0, "N18.31": 52.0}
KIDNEY_DISEASE_CODES = {*STAGES, "N18.9"}
DIALYSIS_DEPENDENCE_CODES = {"Z99.2"}
TRANSPLANT_CODES = {"Z94.0"}

DIALYSIS_PROCEDURES = {"90935"}
TRANSPLANT_PROCEDURES = {"50360"}
PUMP_PROCEDURES = {"62362"}

# The LOINC code (or none), the name and the unit under which a test is sent.
TESTS = {
    "egfr": ("98979-8", "Glomerular filtration rate/1.73 sq M.predicted", "mL/min/1.73m2"),
    "creatinine": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL"),
    "sodium": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "albumin": ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL"),
    "npcr": ("", "nPCR", "g/kg/d"),
}
