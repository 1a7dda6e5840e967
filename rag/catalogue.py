"""The table of Mistral's models: what each reads, can do, costs, where it runs, what replaced it.

Figures from Mistral's model cards and lifecycle page, August 2026, and from the publications of the
open weights. What no source gives is None, or `Tokenizer.UNKNOWN`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

LA_PLATEFORME, OWN_SERVER = "La Plateforme", "a server of your own"
UNKNOWN_CONTEXT_TOKENS = 32_000
APACHE = "Apache-2.0"
COMMERCIAL = "commercial"
RESEARCH = "commercial, weights for research"

Kind = Literal["chat", "embedding", "ocr", "moderation"]


class Tokenizer(StrEnum):
    """How a model splits text. The first four share their pieces, and so their counts."""

    V1 = "v1"
    V2 = "v2"
    V3 = "v3"
    V7 = "v7"
    TEKKEN = "tekken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model of Mistral; `aliases` are its other names on La Plateforme, the table's included.

    `weights` are its names on the Hugging Face hub, none where its weights are not given out, and
    `parameters` and `active` are billions; `gigabytes` is the size of the weights, by precision
    where there are several. Prices are dollars per million tokens, `page_price` per page.
    `citations` says whether it marks what it cites by itself, which no server of one's own does.
    `successor` is the model to use instead on La Plateforme, where a `retired` one answers no more;
    a model that is not `served` was never to be had there under this name.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "chat"
    context_tokens: int | None = None
    tokenizer: Tokenizer = Tokenizer.UNKNOWN
    tools: bool = False
    citations: bool = False
    input_price: float | None = None
    output_price: float | None = None
    page_price: float | None = None
    weights: tuple[str, ...] = ()
    licence: str | None = None
    parameters: float | None = None
    active: float | None = None
    gigabytes: str | None = None
    served: bool = True
    deprecated: bool = False
    retired: bool = False
    successor: str | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """Where it runs now."""
        on_la_plateforme = (LA_PLATEFORME,) if self.served and not self.retired else ()
        return on_la_plateforme + ((OWN_SERVER,) if self.weights else ())


SMALL, MEDIUM, LARGE = "mistral-small-latest", "mistral-medium-latest", "mistral-large-latest"
CODE = "codestral-latest"
_HUB = "mistralai"


def _hub(*names: str) -> tuple[str, ...]:
    return tuple(f"{_HUB}/{name}" for name in names)


def _current(
    name: str,
    dated: str,
    context_tokens: int,
    prices: tuple[float, float],
    tokenizer: Tokenizer = Tokenizer.TEKKEN,
    parameters: float | None = None,
    active: float | None = None,
) -> CatalogueModel:
    """A chat model that La Plateforme serves; all of them know tools and citations."""
    return CatalogueModel(
        name,
        (dated,),
        context_tokens=context_tokens,
        tokenizer=tokenizer,
        tools=True,
        citations=True,
        input_price=prices[0],
        output_price=prices[1],
        parameters=parameters,
        active=active,
    )


def _deprecated(successor: str, *names: str) -> list[CatalogueModel]:
    return [CatalogueModel(name, deprecated=True, successor=successor) for name in names]


def _retired(successor: str, *names: str) -> list[CatalogueModel]:
    return [CatalogueModel(name, retired=True, successor=successor) for name in names]


_SERVED = (
    _current(SMALL, "mistral-small-2603", 256_000, (0.15, 0.6), parameters=119, active=6.5),
    _current(MEDIUM, "mistral-medium-3-5", 256_000, (1.5, 7.5)),
    _current(LARGE, "mistral-large-2512", 256_000, (0.5, 1.5)),
    _current("ministral-3b-latest", "ministral-3b-2512", 256_000, (0.1, 0.1), parameters=3),
    _current("ministral-8b-latest", "ministral-8b-2512", 256_000, (0.15, 0.15), parameters=8),
    _current("ministral-14b-latest", "ministral-14b-2512", 256_000, (0.2, 0.2), parameters=14),
    _current(CODE, "codestral-2508", 128_000, (0.3, 0.9), Tokenizer.UNKNOWN),
    CatalogueModel(
        "mistral-embed",
        ("mistral-embed-2312",),
        kind="embedding",
        context_tokens=8_000,
        tokenizer=Tokenizer.V1,
        input_price=0.1,
        licence=COMMERCIAL,
    ),
    CatalogueModel(
        "codestral-embed",
        ("codestral-embed-2505",),
        kind="embedding",
        context_tokens=8_000,
        input_price=0.15,
    ),
    CatalogueModel(
        "mistral-ocr-latest", ("mistral-ocr-4-1", "mistral-ocr-4-0"), kind="ocr", page_price=0.004
    ),
    CatalogueModel("mistral-ocr-2512", kind="ocr", page_price=0.002),
    CatalogueModel(
        "mistral-moderation-2603",
        ("mistral-moderation-latest",),
        kind="moderation",
        context_tokens=128_000,
        input_price=0.1,  # what the model before it cost: no source gives its own
    ),
)

_OPEN = (
    CatalogueModel(
        "open-mistral-7b",
        ("mistral-7b",),
        context_tokens=32_000,
        tokenizer=Tokenizer.V3,
        tools=True,
        weights=_hub("Mistral-7B-Instruct-v0.3", "Mistral-7B-v0.3"),
        licence=APACHE,
        parameters=7.3,
        gigabytes="13.4",
        retired=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "mistral-7b-v0.2",
        context_tokens=32_000,
        tokenizer=Tokenizer.V1,
        weights=_hub("Mistral-7B-Instruct-v0.2", "Mistral-7B-v0.2"),
        licence=APACHE,
        parameters=7.3,
        gigabytes="13.4",
        served=False,
        successor=SMALL,
    ),
    CatalogueModel(
        "mistral-7b-v0.1",
        tokenizer=Tokenizer.V1,
        weights=_hub("Mistral-7B-Instruct-v0.1", "Mistral-7B-v0.1"),
        licence=APACHE,
        parameters=7.3,
        gigabytes="13.4",
        served=False,
        successor=SMALL,
    ),
    CatalogueModel(
        "open-mixtral-8x7b",
        ("mixtral-8x7b",),
        context_tokens=32_000,
        tokenizer=Tokenizer.V1,
        weights=_hub("Mixtral-8x7B-Instruct-v0.1", "Mixtral-8x7B-v0.1"),
        licence=APACHE,
        parameters=46.7,
        active=12.9,
        gigabytes="94 in bf16, 48 in fp8",
        retired=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "open-mixtral-8x22b",
        ("mixtral-8x22b", "open-mixtral-8x22b-2404"),
        tokenizer=Tokenizer.V3,
        tools=True,
        weights=_hub("Mixtral-8x22B-Instruct-v0.1", "Mixtral-8x22B-v0.1"),
        licence=APACHE,
        parameters=141,
        active=39,
        retired=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "open-codestral-mamba",
        ("codestral-mamba-2407", "codestral-mamba", "codestral-mamba-latest"),
        weights=_hub("Mamba-Codestral-7B-v0.1"),
        licence=APACHE,
        parameters=7,
        retired=True,
        successor=CODE,
    ),
    CatalogueModel(
        "mathstral",
        ("mathstral-7b",),
        tokenizer=Tokenizer.V3,
        weights=_hub("Mathstral-7B-v0.1"),
        licence=APACHE,
        parameters=7,
        retired=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "codestral-2405",
        ("codestral-22b",),
        tokenizer=Tokenizer.V3,
        weights=_hub("Codestral-22B-v0.1"),
        parameters=22,
        retired=True,
        successor=CODE,
    ),
    CatalogueModel(
        "open-mistral-nemo",
        ("open-mistral-nemo-2407", "mistral-nemo"),
        tokenizer=Tokenizer.TEKKEN,
        tools=True,
        weights=_hub("Mistral-Nemo-Instruct-2407", "Mistral-Nemo-Base-2407"),
        deprecated=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "ministral-8b-2410",
        tokenizer=Tokenizer.TEKKEN,
        weights=_hub("Ministral-8B-Instruct-2410"),
    ),
    CatalogueModel(
        "pixtral-12b-2409",
        ("pixtral-12b", "pixtral-12b-latest"),
        tokenizer=Tokenizer.TEKKEN,
        weights=_hub("Pixtral-12B-2409"),
        deprecated=True,
        successor=SMALL,
    ),
    CatalogueModel(
        "mistral-small-2409",  # its tokenizer: sources differ
        weights=_hub("Mistral-Small-Instruct-2409"),
        retired=True,
        successor=SMALL,
    ),
    *(
        CatalogueModel(
            name,
            tokenizer=Tokenizer.TEKKEN,
            tools=True,
            weights=_hub(weights),
            retired=retired,
            deprecated=not retired,
            successor=SMALL,
        )
        for name, weights, retired in (
            ("mistral-small-2501", "Mistral-Small-24B-Instruct-2501", True),
            ("mistral-small-2503", "Mistral-Small-3.1-24B-Instruct-2503", True),
            ("mistral-small-2506", "Mistral-Small-3.2-24B-Instruct-2506", False),
        )
    ),
    CatalogueModel(
        "mistral-large-2407",
        tokenizer=Tokenizer.V3,
        tools=True,
        weights=_hub("Mistral-Large-Instruct-2407"),
        licence=RESEARCH,
        retired=True,
        successor=LARGE,
    ),
    CatalogueModel(
        "mistral-large-2411",
        tokenizer=Tokenizer.V7,
        tools=True,
        weights=_hub("Mistral-Large-Instruct-2411"),
        licence=RESEARCH,
        deprecated=True,
        successor=LARGE,
    ),
)

_REPLACED = (
    CatalogueModel("mistral-small-2402", tokenizer=Tokenizer.V2, retired=True, successor=SMALL),
    CatalogueModel("mistral-large-2402", tokenizer=Tokenizer.V2, retired=True, successor=LARGE),
    *_retired(SMALL, "mistral-tiny-2312", "mistral-tiny", "mistral-saba-2502"),
    *_retired(SMALL, "mistral-saba-latest"),
    *_retired(SMALL, "magistral-small-2506", "magistral-small-2507"),
    *_retired(MEDIUM, "mistral-medium-2312", "mistral-medium"),
    *_retired(MEDIUM, "magistral-medium-2506", "magistral-medium-2507"),
    *_retired(CODE, "codestral-2501"),
    *_deprecated(SMALL, "magistral-small-2509", "devstral-small-2505", "devstral-small-2507"),
    *_deprecated(MEDIUM, "mistral-medium-2505", "mistral-medium-2508", "magistral-medium-2509"),
    *_deprecated(MEDIUM, "devstral-medium-2507", "devstral-2512"),
    *_deprecated(LARGE, "pixtral-large-2411"),
)

CATALOGUE: tuple[CatalogueModel, ...] = (*_SERVED, *_OPEN, *_REPLACED)
