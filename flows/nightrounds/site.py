"""The site file: what a hospital sets once, in TOML, with NIGHTROUNDS_ variables of the environment above it."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from nightrounds.errors import NightroundsError

# A share that is no number between 0 and 1 (`nan` is one in TOML) would leave the gate open for ever.
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
# As the database reads it: 3GiB, 800 MB, 80%.
Size = Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?(%|[kKMGT]i?B)$")]


class Choice(BaseModel):
    """A site's own value for a parameter of a rule or of the facts, with the person who chose it and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: str | int | float | bool | list[str]
    chosen_by: str
    why: str


class Limits(BaseModel):
    """What closes the gate. Shares are fractions of the rows read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    quarantined: Share = 0.05
    shrinkage: Share = 0.20
    stale_days: Annotated[int, Field(ge=0)] = 3
    feeds: dict[str, Share] = {}


class Rebase(BaseModel):
    """New limits for a rule's control chart from a day on, with the reason and the person who gave it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    since: date
    why: str
    chosen_by: str


class Annotation(BaseModel):
    """A remark at a day of a rule's chart, or of every chart when no rule is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    day: date
    text: str
    rule: str | None = None


class Site(BaseSettings):
    """Settings of one site. Unknown keys are refused, so that a misspelt one is never silently ignored."""

    model_config = SettingsConfigDict(env_prefix="NIGHTROUNDS_", env_nested_delimiter="__", extra="forbid", frozen=True)
    name: Annotated[str, Field(min_length=1)] = "a site without a name"
    zone: str = "UTC"
    extract: Path | None = None
    source: str = "native"
    out: Path = Path("build/audit")
    warehouse: Path | None = None
    codelists: Path | None = None
    cron: str = "15 2 * * *"
    keep: Count = 14
    # Patients on the first page of the worklist: as many as a pharmacist can see to in a day.
    daily_cap: Count = 60
    disclosure: Literal["cms11", "round5", "none"] = "cms11"
    threads: Count | None = None
    memory_limit: Size | None = None
    limits: Limits = Limits()
    facts: dict[str, Choice] = {}
    rules: dict[str, dict[str, Choice]] = {}
    rebases: dict[str, list[Rebase]] = {}
    annotations: list[Annotation] = []
    # A CSV file with the columns prescriber_id and group: clinics, wards or teams for the charts that may be shared.
    prescriber_groups: Path | None = None
    # The checkout is named by the environment too; it is no setting of the site.
    project: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's own
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's own
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's own
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment above what the file says."""
        return env_settings, init_settings

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            return ZoneInfo(zone).key
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {zone!r}; use a name such as Europe/London") from error


def load_site(path: Path | None) -> Site:
    """Read the site file; without one, the defaults and the environment. Raises NightroundsError on an unknown key."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
        return Site(**content)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NightroundsError(f"The site file {path} cannot be read.", "Check that it is there and is TOML in UTF-8.") from error
    except SettingsError as error:
        raise NightroundsError(f"A variable of the environment is wrong: {error}.", "Correct it and run again.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NightroundsError(
            f"The setting {where!r} of the site is wrong: {first['msg']}.", "Correct it and run again."
        ) from error
