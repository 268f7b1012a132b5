"""The composition root's common part: a service's ledger with all that runs beside it, started and stopped in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from prometheus_client import Gauge
from prometheus_client.registry import CollectorRegistry

from schemas.catalogue import known
from services.ledger import Ledger, Register, Signer
from services.ledger.checkpointing import Checkpointer
from services.ledger.consumer import Consumer, into
from services.ledger.inbox import Inbox, Reaction
from services.ledger.parking import Attendant
from services.ledger.partitions import Flavour
from services.ledger.relay import Relay
from services.web import ledger_api
from services.web.application import create_app, process_registry
from services.web.commands import install_ledger_problems
from services.web.requests import BodyLimits
from services.web.settings import KafkaFlavour, ServiceSettings

ReactionsByTopic = Mapping[str, Mapping[str, Reaction]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service brings: its words, routes (`routers` under /v1), reactions, and tasks of its own."""

    name: str
    description: str
    routers: Sequence[APIRouter]
    reactions: ReactionsByTopic
    limits: BodyLimits | None = None
    install: Callable[[FastAPI], None] | None = None
    tasks: Sequence[Callable[[], AsyncIterator[None]]] = ()
    open_routers: Sequence[APIRouter] = ()
    open_paths: Collection[str] = ()


def ledger_of(settings: ServiceSettings, registers: Sequence[Register]) -> Ledger:
    """The service's ledger, not started."""
    return Ledger(settings.database_dsn, settings.schema_name, settings.clock, registers)


def signer_of(settings: ServiceSettings, name: str) -> Signer:
    """The service's signing key under its ledger's name."""
    return Signer.load(f"grant-ledger/{name}", settings.signing_key_file)


def compose(settings: ServiceSettings, ledger: Ledger, parts: Parts) -> FastAPI:
    """The service's application; its lifespan starts the ledger, the relay, checkpoints, consumers and the
    attendant.
    """
    signer = signer_of(settings, parts.name)
    every_reaction = {kind: react for topic in parts.reactions.values() for kind, react in topic.items()}
    inbox = Inbox(ledger, parts.name, every_reaction, known)
    attendant = Attendant(ledger, inbox)
    flavour: Flavour = "apache" if settings.kafka_flavour is KafkaFlavour.APACHE else "embedded"
    relay = Relay(ledger, settings.kafka_bootstrap, flavour, parts.name, f"{parts.name}.checkpoints")
    checkpointer = Checkpointer(ledger, signer)
    handlers = {topic: into(inbox, topic) for topic in parts.reactions}
    consumer = Consumer(settings.kafka_bootstrap, flavour, f"grant-ledger-{parts.name}", handlers)
    registry = process_registry()
    _measure(registry, ledger)

    async def running() -> None:
        if not (relay.running and checkpointer.running and attendant.running):
            raise RuntimeError("a background part of the service has failed: see the log")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in (ledger, checkpointer, relay, attendant, consumer):
                await part.start()
                stack.push_async_callback(part.stop)
            for task in parts.tasks:
                await stack.enter_async_context(asynccontextmanager(task)())
            yield

    app = create_app(
        title=f"grant-ledger: {parts.name}",
        version=version("grant-ledger"),
        description=parts.description,
        settings=settings,
        routers=parts.open_routers,
        versioned=[*parts.routers, *ledger_api.routers(ledger, signer.verifier, attendant)],
        lifespan=lifespan,
        checks={"database": ledger.head, "background": running},
        limits=parts.limits,
        registry=registry,
        open_paths=parts.open_paths,
    )
    install_ledger_problems(app)
    if parts.install is not None:
        parts.install(app)
    return app


def _measure(registry: CollectorRegistry, ledger: Ledger) -> None:
    """The ledger's own figures: how many events this process has seen recorded."""
    size = Gauge("ledger_append_batches", "Batches committed by this process", registry=registry)
    ledger.writer.on_append.append(size.inc)
