"""The small words by which questions lean on one another, in the languages that are read.

Words are folded: no capitals, no accents. Lists hold what questions are made of, not a grammar.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from rag.raised import RAISED

_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """One language. `glue` joins a second question to a first; patterns match folded text.

    `askers` open a question, `verbs` are its auxiliaries, `articles` open a noun phrase, and
    `subjects`, `objects` and `owners` are pronouns; `kinds` are nouns that, with an article, stand
    for a name; `function` are all words that name nothing. `leads` open a follow-up, `more` is all
    of one; `same`, `before` and `after` stand for a period named earlier.
    """

    code: str
    glue: str
    kinds: frozenset[str]
    askers: frozenset[str]
    verbs: frozenset[str]
    articles: frozenset[str]
    prepositions: frozenset[str]
    subjects: frozenset[str]
    objects: frozenset[str]
    owners: frozenset[str]
    small: frozenset[str]
    leads: re.Pattern[str]
    more: re.Pattern[str]
    same: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    function: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put together once what every word of a question is looked up in."""
        pronouns = self.subjects | self.objects | self.owners
        nameless = self.askers | self.verbs | self.articles | self.prepositions | self.small
        object.__setattr__(self, "function", nameless | pronouns)


@lru_cache(maxsize=512)
def folded(text: str) -> str:
    """A text without capitals and accents, each character in its place; what is raised stays so."""
    return "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if letter in RAISED:
        return letter
    lower = unicodedata.normalize("NFKD", letter)[0].lower()
    return "'" if lower in "’‘`´" else lower if len(lower) == 1 else letter


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def _lead(*forms: str) -> re.Pattern[str]:
    return re.compile(rf"^[\W_]*(?:{'|'.join(forms)})(?!\w)[\s,:]*")


ENGLISH = Wording(
    "en",
    "and",
    words("company corporation firm group"),
    words("what which who whom whose when where why how"),
    words(
        "is are was were be been do does did has have had can could will would should must "
        "may might"
    ),
    words("the a an"),
    words(
        "in on at for of to from by with about as under during since until after before "
        "between than"
    ),
    words("it they he she this that these those"),
    words("it them him her this that these those one ones"),
    words("its their his her theirs"),
    words(
        "and or but not i we you me my our your if then also much many long often far old "
        "high large big there so too up s t just please compare list show give tell explain "
        "describe define name find summarize summarise same all any some more other each both "
        "only no yes ok okay thanks well"
    ),
    _lead(
        "(?:and |but |so |ok,? |okay,? )?(?:what|how) about",
        "(?:the )?same (?:question )?(?:for|with|in)(?= )",
        "what of",
        "(?:and|but) also",
        "and then",
        "and",
        "but",
        "or",
        "also",
    ),
    _lead(
        r"(?:please )?(?:tell me more|more details?|go on|continue|(?:can you )?elaborate|say more|"
        r"explain(?: that| it| further)?|more)(?: please)?[\s?.!]*$"
    ),
    _any(
        r"(?:(?:in|for|during) )?(?:that|the same|this same) (?:same )?(?:fiscal )?"
        r"(?:year|quarter|period|month)"
    ),
    _any(
        r"(?:(?:in|for|during) )?the (?:previous|prior|preceding) year",
        r"(?:(?:in|for|during) )?the year (?:before|prior|earlier)",
        r"(?:a|one) year (?:earlier|before)",
    ),
    _any(
        r"(?:(?:in|for|during) )?the (?:following|next|subsequent) year",
        r"(?:(?:in|for|during) )?the year after",
        r"(?:a|one) year later",
    ),
)
FRENCH = Wording(
    "fr",
    "et",
    words("entreprise societe groupe compagnie"),
    words(
        "que quoi quel quelle quels quelles qui quand ou pourquoi comment combien lequel "
        "laquelle qu"
    ),
    words(
        "est sont etait etaient a ont avait avaient ete fut furent peut peuvent doit doivent "
        "sera fait faut etre avoir ai avons avez dois devons devez peux pouvons pouvez suis sommes"
    ),
    words("le la les l un une des du au aux"),
    words(
        "de d en a pour dans sur par avec sous depuis entre vers chez selon apres avant "
        "pendant sans"
    ),
    words("il elle ils elles cela ca celui celle ceux celles c"),
    words("lui leur y cela ca eux"),
    words("son sa ses leur leurs"),
    words(
        "et mais ou donc si ne n pas plus aussi ce cette ces je j nous vous on se s t m me te "
        "alors tres est-ce compare comparez liste donne donnez explique expliquez decris "
        "resume resumez merci oui non meme"
    ),
    _lead(
        "(?:et |mais )?qu'en est-il(?= (?:de|du|des|pour|en) | d')",
        "(?:et |mais )?quid",
        "(?:la )?meme question",
        "(?:la )?meme chose",
        "et",
        "mais",
        "ou bien",
    ),
    _lead(
        r"(?:dis-m'en plus|dites-m'en plus|plus de details?|continue[zr]?|explique[zr]?)[\s?.!]*$"
    ),
    _any(
        r"(?:en |pour |dans )?(?:cette|la meme) annee(?:-la)?",
        r"(?:a|durant) cette (?:date|periode)(?:-la)?",
    ),
    _any(r"(?:en |de |pour )?l'(?:annee|exercice) (?:precedente?|d'avant)", r"(?:un|1) an avant"),
    _any(r"(?:en |de |pour )?l'(?:annee|exercice) (?:suivante?|d'apres)", r"(?:un|1) an apres"),
)
GERMAN = Wording(
    "de",
    "und",
    words("unternehmen konzern firma gesellschaft gruppe"),
    words(
        "was wer wen wem wessen wann wo warum wieso weshalb wie wieviel welche welcher "
        "welches welchen welchem woher wohin wofur womit seit"
    ),
    words(
        "ist sind war waren hat haben hatte hatten wird werden wurde wurden kann konnen "
        "konnte muss mussen soll sollen darf durfen gibt gab sieht lag betrug habe habt kannst "
        "musst bin will wollen brauche brauchen braucht"
    ),
    words(
        "der die das den dem des ein eine einen einem einer eines im am zum zur beim diese "
        "dieser dieses"
    ),
    words(
        "in an auf fur von vom bei mit nach aus zu um uber unter durch gegen ohne zwischen "
        "vor wahrend bis ab"
    ),
    words("er sie es"),
    words("ihn ihm ihr ihnen sie es ihrer dafur davon damit daran darin dazu"),
    words("sein seine seinen seinem seiner seines ihre ihren ihrem ihrer ihres deren dessen"),
    words(
        "und oder aber nicht ich wir sie du man auch dann denn so hoch viel viele lang lange "
        "oft gross wenn falls dass als sich uns mir mich bitte vergleiche vergleichen nenne "
        "zeige liste erklare erklaren beschreibe ja nein danke damals jahr"
    ),
    _lead(
        "(?:und |aber )?wie (?:sieht|sah|steht|ist) es(?: denn)?(?= (?:bei|mit|fur|in|im|um) )",
        "(?:und|aber) was ist mit",
        "(?:die )?gleiche frage",
        "das gleiche",
        "dasselbe",
        "und",
        "aber",
        "oder",
    ),
    _lead(
        r"(?:mehr dazu|erzahl mir mehr|mehr details?|weiter|"
        r"erklare? (?:das|es)(?: genauer)?)[\s?.!]*$"
    ),
    _any(r"(?:in diesem|im selben|im gleichen|in jenem) (?:geschafts)?jahr", r"damals"),
    _any(
        r"im (?:vorjahr|jahr davor|jahr zuvor|vorigen jahr|vorhergehenden jahr)",
        r"ein jahr (?:zuvor|fruher)",
    ),
    _any(r"im (?:folgejahr|jahr danach|jahr darauf|folgenden jahr)", r"ein jahr spater"),
)
SPANISH = Wording(
    "es",
    "y",
    words("empresa compania sociedad grupo"),
    words("que cual cuales quien quienes cuando donde por como cuanto cuanta cuantos cuantas"),
    words(
        "es son era eran fue fueron ha han tiene tienen tenia tuvo tuvieron puede pueden debe "
        "deben sera esta estan tengo tenemos puedo podemos debo debemos estoy soy somos"
    ),
    words("el la los las un una unos unas lo al del"),
    words("de en a para por con sin sobre desde hasta entre segun durante tras bajo"),
    words("el ella ellos ellas eso esto esa ese"),
    words("ellos ella eso esto"),
    words("su sus suyo suya suyos suyas"),
    words(
        "hay y e o u pero no si se me te nos yo usted tambien entonces mas muy compara "
        "compare comparar lista enumera explica describe resume gracias mismo misma"
    ),
    _lead(
        "(?:y|pero) (?:que (?:pasa|hay)|que tal) (?:con|de|en)(?= )",
        "(?:y )?lo mismo",
        "(?:la )?misma pregunta",
        "y",
        "e",
        "pero",
        "o",
    ),
    _lead(r"(?:cuentame mas|dime mas|mas detalles?|continua|sigue|explica(?:lo|melo)?)[\s?.!]*$"),
    _any(r"(?:en |de )?(?:ese|aquel|este|el mismo) (?:ano|ejercicio|periodo)"),
    _any(r"(?:en |de )?el (?:ano|ejercicio) (?:anterior|previo)", r"(?:un|1) ano antes"),
    _any(r"(?:en |de )?el (?:ano|ejercicio) siguiente", r"(?:un|1) ano despues"),
)
ITALIAN = Wording(
    "it",
    "e",
    words("azienda societa gruppo impresa"),
    words("che cosa quale quali chi quando dove perche come quanto quanta quanti quante"),
    words(
        "e era erano ha hanno aveva sono fu stato stata puo deve fosse ho abbiamo posso possiamo "
        "devo dobbiamo"
    ),
    words("il lo la i gli le l un una uno del della dei delle dello degli al alla nel nella"),
    words("di a da in con su per tra fra d sul sulla dal dalla"),
    words("lui lei esso essa essi loro"),
    words("gli loro cio questo quello"),
    words("suo sua suoi sue"),
    words("e ed o ma non si mi ci anche piu confronta elenca spiega"),
    _lead("(?:e )?(?:che dire di|riguardo a)", "lo stesso per", "e", "ed", "ma"),
    _lead(r"(?:dimmi di piu|continua|spiega(?:lo)?)[\s?.!]*$"),
    _any(r"(?:in )?quell'anno", r"(?:nello )?stesso anno"),
    _any(r"(?:nel)?l'anno (?:precedente|prima)"),
    _any(r"(?:nel)?l'anno (?:successivo|dopo)"),
)
PORTUGUESE = Wording(
    "pt",
    "e",
    words("empresa companhia sociedade grupo"),
    words("que qual quais quem quando onde como quanto quanta quantos quantas"),
    words(
        "e era eram foi foram tem tinha teve sao ha esta pode deve tenho temos posso podemos devo "
        "devemos"
    ),
    words("o a os as um uma do da dos das no na nos nas ao"),
    words("de em para por com sem sobre desde ate entre pela pelo"),
    words("ele ela eles elas isso isto"),
    words("lhe isso isto"),
    words("seu sua seus suas dele dela deles delas"),
    words("e ou mas nao se me tambem mais compare liste explique"),
    _lead("(?:e )?(?:que tal|quanto a)", "o mesmo para", "e", "mas"),
    _lead(r"(?:diga mais|continue|explique)[\s?.!]*$"),
    _any(r"(?:nesse|naquele|no mesmo) ano"),
    _any(r"(?:no )?ano anterior"),
    _any(r"(?:no )?ano seguinte"),
)
DUTCH = Wording(
    "nl",
    "en",
    words("bedrijf onderneming concern groep"),
    words("wat wie waar wanneer waarom hoe hoeveel welke welk"),
    words(
        "is zijn was waren heeft hebben had hadden wordt worden werd werden kan moet mag heb kun "
        "kunnen moeten mogen"
    ),
    words("de het een"),
    words("in op voor van bij met naar uit te tot door over onder sinds tussen"),
    words("hij zij ze het"),
    words("hem haar hen hun ermee daarvan"),
    words("zijn haar hun"),
    words("en of maar niet ik we wij u je ook dan als vergelijk noem toon hoog veel lang"),
    _lead("(?:en )?hoe zit het met", "(?:en )?wat is er met", "hetzelfde voor", "en", "maar"),
    _lead(r"(?:vertel meer|ga door|leg uit)[\s?.!]*$"),
    _any(r"(?:in )?(?:dat|hetzelfde) jaar"),
    _any(r"(?:in )?het (?:vorige jaar|jaar ervoor|voorgaande jaar)"),
    _any(r"(?:in )?het (?:volgende jaar|jaar erna)"),
)
LANGUAGES = (ENGLISH, FRENCH, GERMAN, SPANISH, ITALIAN, PORTUGUESE, DUTCH)


def wording_of(text: str, fallback: Wording = ENGLISH) -> Wording:
    """The language that most of the small words of a text belong to, in doubt the other one."""
    spoken = _WORDS.findall(folded(text))

    def known(wording: Wording) -> float:
        own = sum(word in wording.function for word in spoken)
        return own + ("¿" in text and wording is SPANISH) + 0.5 * (wording is fallback)

    return max(LANGUAGES, key=known)
