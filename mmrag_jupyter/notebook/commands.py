"""The command table of `%mmrag`: it feeds the parser, the help, the docstring and completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mmrag_jupyter.errors import did_you_mean
from mmrag_jupyter.notebook import handlers
from mmrag_jupyter.notebook.answer_commands import ASK, CHAT
from mmrag_jupyter.notebook.evaluation_commands import EVAL
from mmrag_jupyter.notebook.exploring_commands import EXPLORING
from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.help import Help, overview, page
from mmrag_jupyter.notebook.main_commands import LOAD, QUERY, collection_option
from mmrag_jupyter.notebook.panel_commands import PANEL
from mmrag_jupyter.notebook.recommend_commands import RECOMMEND
from mmrag_jupyter.notebook.tuning_commands import TUNE
from mmrag_jupyter.notebook.words import shown

if TYPE_CHECKING:
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session


def find_command(name: str) -> Command:
    """Return the command called `name`.

    Raises
    ------
    UsageError
        There is none; the nearest is suggested.
    """
    if name not in COMMANDS:
        raise UsageError(
            f"%mmrag has no command {shown(name)}.{did_you_mean(name, COMMANDS)}"
            " `%mmrag help` lists the commands."
        )
    return COMMANDS[name]


def _help(_session: Session, given: Arguments, _names: Namespace) -> Help:
    topic = given.text("command")
    return Help(overview(COMMANDS) if topic is None else page(find_command(topic)))


def _collection_word(summary: str, *, required: bool = False) -> Argument:
    default = "" if required else "the current collection"
    return Argument(
        "collection", "collection", summary, metavar="NAME", required=required, default=default
    )


_TABLE = (
    LOAD,
    QUERY,
    ASK,
    CHAT,
    RECOMMEND,
    EVAL,
    TUNE,
    PANEL,
    *EXPLORING,
    Command(
        "list",
        "List the collections.",
        handlers.list_collections,
        examples=(Example("%mmrag list", "a dataframe: names, items, models, folders"),),
    ),
    Command(
        "info",
        "Tell what is in a collection: items, models, columns, problems.",
        handlers.info,
        arguments=(_collection_word("the collection"),),
        examples=(
            Example("%mmrag info", "the current collection"),
            Example("%mmrag info photos", "another one"),
        ),
    ),
    Command(
        "use",
        "Make a collection the current one, which commands mean without --in.",
        handlers.use,
        arguments=(_collection_word("the collection", required=True),),
        examples=(Example("%mmrag use photos", "queries now search photos"),),
    ),
    Command(
        "show",
        "Show one item with all its parts and columns.",
        handlers.show,
        arguments=(
            Argument("id", "id", "the item's id", metavar="ID", required=True),
            Argument(
                "why", "flag", "what of it matched the last query, on its picture", ("--why",)
            ),
            Argument(
                "page", "count", "with --why: which page", ("--page",), "N", default="the best"
            ),
            collection_option("the collection it is in"),
        ),
        examples=(
            Example("%mmrag show A-17", "an item of the current collection"),
            Example("%mmrag show reports/q3.pdf --why", "where its page matched the last query"),
            Example('%mmrag show "spring/red shoe.jpg" --in photos', "an id with a space"),
        ),
    ),
    Command(
        "delete",
        "Delete items from a collection; the sources keep theirs.",
        handlers.delete,
        arguments=(
            Argument("ids", "id", "ids of items", metavar="ID", many=True),
            Argument("where", "where", "all items for which this holds", ("--where",), "EXPR"),
            collection_option("the collection to delete from"),
        ),
        examples=(
            Example("%mmrag delete A-17 A-18", "two items"),
            Example('%mmrag delete --where "price > 100"', "by a condition"),
        ),
        notes=("Loading the source again brings its items back.",),
    ),
    Command(
        "problems",
        "List what could not be loaded, and why.",
        handlers.problems,
        arguments=(_collection_word("the collection"),),
        examples=(Example("%mmrag problems", "a dataframe: source, reason"),),
        notes=("The next load of the source tries them again.",),
    ),
    Command(
        "save",
        "Write a copy of a collection to another folder.",
        handlers.save,
        arguments=(
            Argument(
                "folder",
                "folder",
                "where to; it must hold no collection yet",
                metavar="FOLDER",
                required=True,
            ),
            collection_option("the collection to copy"),
        ),
        examples=(Example("%mmrag save ~/backup/products", "the current collection"),),
        notes=(
            "Nothing needs saving before a restart: what is loaded is on disk.",
            "The copy of a collection in a store elsewhere is one in a folder.",
        ),
    ),
    Command(
        "open",
        "Open a collection from another folder or store, or with an embedder of your own.",
        handlers.open_collection,
        arguments=(
            Argument(
                "collection",
                "collection",
                "its name, the folder that holds it, or its address (qdrant://host/name)",
                metavar="NAME_OR_FOLDER",
                required=True,
            ),
            Argument(
                "model",
                "model",
                "the embedder, where it was given as an object",
                ("--model",),
                "M",
                default="the collection's own",
            ),
            Argument(
                "repair",
                "flag",
                "first save what can be saved of a damaged collection",
                ("--repair",),
            ),
        ),
        examples=(
            Example("%mmrag open ~/backup/products", "from a folder"),
            Example("%mmrag open products --model clip", "by name, with clip = ..."),
            Example("%mmrag open products --repair", "when it is said to be damaged"),
        ),
        notes=("After a restart, a collection opens when a command names it: --in, use, info.",),
    ),
    Command(
        "drop",
        "Delete a whole collection and its files.",
        handlers.drop,
        arguments=(
            _collection_word("the collection", required=True),
            Argument("yes", "flag", "do it; without, it is only told what would go", ("--yes",)),
        ),
        examples=(Example("%mmrag drop photos --yes", "the collection, not your pictures"),),
    ),
    Command(
        "compact",
        "Rewrite a collection's files without what was deleted.",
        handlers.compact,
        arguments=(_collection_word("the collection"),),
        examples=(Example("%mmrag compact", "after many deletions"),),
    ),
    Command(
        "models",
        "List the embedding models at hand and recommended.",
        handlers.models,
        examples=(Example("%mmrag models", "a dataframe: size, licence, what each needs"),),
        notes=("Its names go with %mmrag load ... --model NAME, --text-model, --image-model.",),
    ),
    Command(
        "help",
        "Tell about %mmrag, or about one of its commands.",
        _help,
        arguments=(Argument("command", "command", "the command", metavar="COMMAND"),),
        examples=(Example("%mmrag help load", "all about load"),),
    ),
)

COMMANDS = {command.name: command for command in _TABLE}
