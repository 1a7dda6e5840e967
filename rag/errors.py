"""Everything a caller may want to catch, and nothing else.

RagError
├── SettingsError              a setting is wrong, or two of them disagree
├── StoreError                 the data directory or the catalog cannot be used
│   ├── EmbeddingMismatchError a library was embedded with another model
│   └── LibraryChangedError    documents came or went while its vectors were made
├── LibraryError               a library cannot be called, deleted or filled like that
├── NotFoundError              no library, document or page of that name
├── QuestionError              the question itself cannot be searched
│   └── ModerationError        moderation found something in the question, or in its answer
├── DocumentError              a file cannot be read; carries the state it ends in
└── ProviderError              a model's server failed, or may not be asked
    ├── PolicyError            the library may not leave this machine
    ├── BudgetError            a cap on spending would be passed
    │   └── SetAsideError      only by what requests under way may still cost
    ├── AuthenticationError    the key is missing, wrong or not allowed
    ├── RateLimitError         too many requests or tokens, or the budget is spent
    ├── ModelNotFoundError     the server does not serve that model
    ├── ContextLengthError     the prompt is longer than the model reads
    ├── UnavailableError       no connection, time-out, or the server's own fault
    │   └── NotBegunError      it never began to answer, so that nothing is billed
    └── InvalidReplyError      the reply was cut off or makes no sense
        └── RefusedRequestError the server does not take the request, however often it comes

Every message is one or two plain sentences fit for a user: what happened, and what to do.
"""

from __future__ import annotations

from rag.domain import DocumentState


class RagError(Exception):
    """An expected failure whose message is fit to show a user."""


class SettingsError(RagError):
    """A setting is wrong, or two of them disagree."""


class StoreError(RagError):
    """The data directory or the catalog cannot be used."""


class EmbeddingMismatchError(StoreError):
    """A library was embedded with another model than the one configured."""


class LibraryChangedError(StoreError):
    """Documents were added to a library or removed while it was embedded anew."""


class LibraryError(RagError):
    """A library cannot be called, deleted or filled as was asked."""


class NotFoundError(RagError):
    """There is no library, document or page of that name."""


class QuestionError(RagError):
    """The question itself cannot be searched."""


class ModerationError(QuestionError):
    """Moderation found something in the question or in the answer, which is then withheld."""


class DocumentError(RagError):
    """A file cannot be read; `state` is the one its document ends in."""

    def __init__(self, state: DocumentState, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class ProviderError(RagError):
    """A model's server failed."""


class PolicyError(ProviderError):
    """A library may not leave this machine, so nothing was sent to another."""


class BudgetError(ProviderError):
    """A cap on spending would be passed, so nothing was sent."""


class SetAsideError(BudgetError):
    """A cap is filled up only by what requests under way have set aside: that may pass soon."""


class AuthenticationError(ProviderError):
    """The key is missing, wrong, or not allowed to do this."""


class RateLimitError(ProviderError):
    """Too many requests or tokens, or the budget is spent."""


class ModelNotFoundError(ProviderError):
    """The server does not serve the model asked for."""


class ContextLengthError(ProviderError):
    """The prompt is longer than the model can read."""


class UnavailableError(ProviderError):
    """The server cannot be reached, took too long, or failed by itself."""


class NotBegunError(UnavailableError):
    """The server cannot be reached, or failed before it began to answer."""


class InvalidReplyError(ProviderError):
    """The reply was cut off, or is not what the server promises."""


class RefusedRequestError(InvalidReplyError):
    """The server does not take a request as it is; the same one again is refused again."""


class ToolError(Exception):
    """Raised by a tool to tell the model, not the user, what to mend."""
