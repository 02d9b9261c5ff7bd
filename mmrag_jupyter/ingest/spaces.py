"""Which model serves which modality of a collection, remembered with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from mmrag_jupyter import models
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.ingest import change
from mmrag_jupyter.ingest.precision import (
    as_kept,
    precision_of,
    refuse_other_cut,
    refuse_other_dim,
)
from mmrag_jupyter.items import Modality
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.store import is_nameless, tuned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.models import ModelLike
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.models.warming import Warming
    from mmrag_jupyter.store import Space, Store, Writer
    from mmrag_jupyter.store.values import Precision

SETTING = "models"
BY_WORDS = "words alone"

Serving = dict["Modality", tuple[int, "AnyEmbedder"]]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The models that a load asks for; None or "auto" means the collection's own.

    Of their vectors the first `dim` numbers are kept, in this `precision`; None means as the
    collection has them.
    """

    model: ModelLike = None
    text_model: ModelLike = None
    image_model: ModelLike = None
    audio_model: ModelLike = None
    page_model: ModelLike = None
    precision: Precision | None = field(default=None, kw_only=True)
    dim: int | None = field(default=None, kw_only=True)

    def is_explicit(self, modality: Modality) -> bool:
        """Tell whether the user has named a model for this modality."""
        own = {
            "text": [self.text_model],
            "image": [self.image_model],
            "page": [self.page_model, self.image_model],
            "audio": [self.audio_model],
        }[modality]
        return any(not (choice is None or _is_auto(choice)) for choice in (self.model, *own))


@dataclass(frozen=True, slots=True)
class Plan:
    """The embedder chosen for each modality (None: by words alone), and what to say of it."""

    by_modality: Mapping[Modality, AnyEmbedder | None]
    notice: str = ""
    reembed: bool = False
    precision: Precision | None = None


class Spaces:
    """The models of one collection: chosen at its first load, the same ever after.

    Parameters
    ----------
    given
        An embedder that the user hands over again on opening, where it has no address.
    """

    def __init__(self, store: Store, given: ModelLike = None) -> None:
        self._store = store
        self._given = given
        self._loaded: dict[str, AnyEmbedder] = {}
        self._warming: Warming | None = None

    def serving(self) -> Serving:
        """Return which space and embedder serve each modality; models are loaded if need be.

        Modalities that are found by words alone are left out, and so are spaces of vectors
        that came from elsewhere, by a model that nobody knows here.

        Raises
        ------
        ModelError
            A model is gone, has changed, or must be given again.
        """
        remembered = self.remembered()
        spaces = {one.name: one for one in self._store.spaces() if one.name in remembered.values()}
        missing = [space for name, space in spaces.items() if name not in self._loaded]
        if missing:
            recalled = models.recall([_spec(space) for space in missing], self._given)
            self._loaded.update({one.name: one for one in recalled.embedders})
        return {
            modality: (spaces[name].number, self._loaded[name])
            for modality, name in remembered.items()
            if name is not None
        }

    def warm(self) -> None:
        """Begin to load the models in the background, where that is not done already.

        Nothing is loaded where none is needed, or one would have to be fetched; errors wait
        for whoever needs the model.
        """
        if self._given is None and self._warming is None:
            serve = {*self.remembered().values()}
            needed = [one for one in self.specs() if one.name in serve]
            if needed:
                from mmrag_jupyter.models.warming import Warming

                self._warming = Warming(needed)

    def specs(self) -> list[models.SpaceSpec]:
        """Return what the collection keeps about each of its models."""
        return [_spec(space) for space in self._store.spaces()]

    def remembered(self) -> dict[Modality, str | None]:
        """Return the model's name of each modality loaded so far; None is by words alone."""
        found: dict[Modality, str | None] = json.loads(self._store.setting(SETTING) or "{}")
        return {one: found[one] for one in get_args(Modality) if one in found}

    def plan(
        self,
        choice: ModelChoice,
        modalities: frozenset[Modality],
        *,
        long_text: bool,
        reembed: bool,
    ) -> Plan:
        """Choose the embedders for a load of these modalities.

        Raises
        ------
        ModelError
            The choice differs from what the collection has, and `reembed` is not set; or a
            model cannot be had.
        """
        remembered = self.remembered()
        if reembed:
            modalities |= remembered.keys()
        ask = frozenset(
            modality
            for modality in modalities
            if modality not in remembered or reembed or choice.is_explicit(modality)
        )
        # The first pages of a collection of pictures go by the model that it has for these.
        joins = "page" in ask and "image" in remembered
        joins = joins and not (reembed or choice.is_explicit("page"))
        ask -= {"page"} if joins else set()
        chosen: dict[Modality, AnyEmbedder | None] = {}
        notice = ""
        if ask:
            resolved = models.resolve(
                "auto" if choice.model is None else choice.model,
                text_model=choice.text_model,
                image_model=choice.image_model,
                page_model=choice.page_model,
                audio_model=choice.audio_model,
                modalities=ask,
                long_text=long_text,
            )
            notice = resolved.notice
            chosen.update({modality: resolved.by_modality.get(modality) for modality in ask})
            chosen.update(as_kept(chosen, remembered, choice.dim))
        if not reembed:
            for modality in ask & remembered.keys():
                _refuse_another(modality, remembered[modality], chosen[modality])
        kept = modalities - ask
        own = self.serving() if kept else {}
        chosen.update(
            {modality: own[modality][1] if modality in own else None for modality in kept}
        )
        for modality in kept:
            refuse_other_dim(modality, chosen[modality], choice.dim)
        if joins and "image" in own and models.serves(own["image"][1], "page"):
            chosen["page"] = own["image"][1]
        return Plan(chosen, notice, reembed, choice.precision)

    def serve(self, writer: Writer, plan: Plan, source: str) -> Serving:
        """Make the spaces that a plan needs, remember it, and return who serves what.

        Where the plan replaces models, it is remembered as a change to be made: those that
        the collection has find its parts until `change_over`. `source` is the key of the one
        that is being loaded.
        """
        serving: Serving = {}
        for modality, embedder in plan.by_modality.items():
            if embedder is None:
                continue
            number = writer.add_space(
                embedder.name,
                getattr(embedder, "address", None),
                embedder.dim,
                frozenset(embedder.modalities),
                precision_of(self._store.spaces(), embedder, plan.precision),
                late=is_late(embedder),
            )
            self._loaded[embedder.name] = embedder
            serving[modality] = (number, embedder)
        names = {
            modality: embedder.name if embedder is not None else None
            for modality, embedder in plan.by_modality.items()
        }
        before = self.remembered()
        after = {**before, **names}
        if any(after[modality] != name for modality, name in before.items()):
            new = [name for name in {*after.values()} - {*before.values()} if name is not None]
            change.begin(writer, change.Change(after, new, source))
        else:
            writer.set_setting(SETTING, json.dumps(after))
            if plan.reembed:
                change.end(writer)
        return serving

    def change_over(self, writer: Writer, plan: Plan) -> None:
        """Let the models serve that the plan has brought, and drop those that make way."""
        found = change.unfinished(self._store)
        kept = {*self.remembered().values()}
        if found is not None and plan.reembed:
            writer.set_setting(SETTING, json.dumps(found.after))
            change.end(writer)
            kept = {*found.after.values()}
        elif found is not None:
            kept |= {*found.new}
        for space in self._store.spaces():
            if space.name not in kept and not is_nameless(space):
                writer.drop_space(space.number)
        tuned.drop_unfit(self._store, writer, kept)


def _is_auto(choice: ModelLike) -> bool:
    return isinstance(choice, str) and choice == "auto"


def _refuse_another(modality: Modality, own: str | None, chosen: AnyEmbedder | None) -> None:
    asked = chosen.name if chosen is not None else None
    if asked == own:
        return
    refuse_other_cut(modality, own, asked)
    raise ModelError(
        f"This collection finds its {modality} parts by {own or BY_WORDS}, not by "
        f"{asked or BY_WORDS}; load without a model to keep that, or add --reembed "
        "(reembed=True) to embed the whole collection again."
    )


def _spec(space: Space) -> models.SpaceSpec:
    dim = space.token_dim or space.dim
    return models.SpaceSpec(space.name, space.address, dim, frozenset(space.modalities))
