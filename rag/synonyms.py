"""Words of English and French that say alike things, as the beginnings of words.

They tell whether a claim in other words speaks of what a passage does; they decide no verdict by
themselves. Folded: no capitals, no accents. What ends in a full stop is a whole word.
"""

from __future__ import annotations

from functools import lru_cache

SHORTEST_STEM = 4  # letters; what is shorter is a whole word
STEM = 5  # letters by which two forms of a word that is in no group are compared
_GROUPS = """
buy. bought purchas acqui takeover achat achet rachat rachet
sell. sells. sold. selling divest cede. cedee. cession vend. vendu vente. ventes.
revenue turnover chiffre. proceeds receipts
staff workforce headcount employees employee workers worker personnel payroll people persons \
person salarie effectif personnes personne collaborateur inhabitants habitants
increas rose. rise. rises. risen. rising grew. grow climb went. improv augment hausse \
progress accru gain.
decreas fell. fall. falls. fallen. declin drop. dropped slip. slipped shrank shrink reduc \
lower baiss recul diminu moins. down. fewer less.
expir terminat finish ended. end. ends. ending termine. resili fin.
begin began commenc start launch demarr debut commence lanc
vehicle car. cars. voiture vehicule automobile
ship. ships. vessel boat. boats. navire bateau
agreement contract contrat accord deal. convention
child kids. infant enfant nourrisson
kidney renal rein. reins. creatinine
heart cardiac coeur
liver hepatic foie
pregnan enceinte grossesse
pay. paid. pays. payment payable payee paye. verse. versee. versement regle. reglee. \
reglement remuner
licen permit authori autoris permis allow entitl
forbid forbidden prohibit banned interdi contraindic contre-indi defend
rent. rental loyer
deposit caution garantie
tenant lessee locataire
landlord lessor bailleur
dose. doses. dosage posologie
tablet pill. pills. comprime
medicine medication drug. drugs. medicament
doctor physician medecin
patient participant subject. malade
trial study. studies. essai etude
cancer tumour tumor
keep. kept. keeps. retain retention hold. holds. held. store. stored. storage conserv garder \
garde. gardee. preserv
return. returned. returns. back. restitu rendu. rendre renvoi
refund reimburs rembours
notify notice notif inform told tell. announc avis. prevenir preavis
yearly annual annuel
monthly mensuel
weekly hebdomad
daily quotidien
maximum. maximal ceiling cap. capped limit most. plafon exceed excede depass
minimum. minimal least. plancher
member membre
committee board. comite conseil
chair president
minister ministre ministry
council municipal commune
fine. fines. penalty amende punish sanction
fee. fees. charge. charges. cost. costs. price. priced. redevance tarif prix. cout coute frais.
apply applies application applicant demand. demande. demandes. request
appeal recours challeng
refus reject deni declin. rejet
accept approv accord. adopt
decide decision decid statu. statue. pronon
replac substitut remplac exchang
clean cleaning wash. washed nettoy lav
switch turn. turned power
light. lights. lamp. lamps. voyant lampe
fail. failure fault. error erreur panne
start-up restart. restarts. redemarr
water. eau. eaux.
temperature heat. warm overheat chaud surchauff chauff
battery batter batterie
filter filtre
empty vider vide. videz. emptied
install mount. mounted pose. fit. fitted
use. uses. used. using utilis emploi. usage operation operat. fonctionn
complet full. fully entier plein
wide large larger bigger greater grand
small petit smaller
document file. files. record. records. fichier dossier
need. needs. needed requir must. has. have. necessit besoin obligat oblig doit. doivent
help. assist aide. advis conseil. adviser
also. too. aussi egalement
give. gives. given. gave. grant granted provid suppl deliver donn. donne. donnee. accord. \
accorde. fourni livr
get. gets. receiv obtain got. recoi recu. recue. touch. touchent
show. shows. display affich indicat signal mean. means. signif
remove. removed. retir delet suppri efface
speed fast faster quick rapid vite.
member-state state. states. etat
site. sites. plant. plants. factory usine atelier terminal warehouse entrepot
subsidiary filiale
share. shares. stock. action. actions. equity
shareholder stockholder holder. holders. actionnaire
loan. lend lender borrow credit. emprunt pret. 
interest interet
debt. dette. endettement
profit income earning benefice resultat earned.
loss. losses. perte
dividend dividende
customer client buyer purchaser consumer acheteur consommateur
supplier vendor provider fournisseur vendeur seller
weapon arme.
adult adulte
women. woman. femme
men. man. homme
death died. die. dies. dece mort. 
side-effect adverse effet. effets. effect. effects. reaction
pain. ache headache douleur maux
occur appear survenir survien surven apparai
found. founded founder fonde. fondee. creat. created cree. creee.
build. built. construct construit bati
cover. covers. covered couvr couvert
contain contien holds.
last. lasts. lasting durer dure. duree. duration long.
half. moitie halved
double doubl twice
triple tripl
average mean moyenn moyen.
approximately about. around roughly environ
country pays. nation
town. city. ville
house. maison logement dwelling
school ecole
road. route street rue.
river fleuve riviere
mountain montagne massif
king. roi.
war. guerre
extinguish etein eteig
treaty traite.
century siecle
population inhabit
area. surface superfic
depth profond
height altitude hauteur high. haut. 
weigh weight poids. pese.
width largeur
length longueur
number nombre count
percentage percent share. proportion part. taux rate. rates.
growth croissance
quarter trimestre
semester semestre
fiscal exercice
year. years. an. ans. annee
month. months. mois.
week. weeks. semaine
day. days. jour. jours. journee
hour. hours. heure
before. avant prior
after. apres following suivant
between. entre
during pendant durant
without. sans. 
only. seul. seulement uniquement
new. newly nouveau nouvelle
old. ancien
first. premier premiere 1er.
second. deuxieme
next. prochain
end-user user. users. utilisateur
send. sent. sends. envoi envoy adress
choose chosen choice option choisi
connect connex
network reseau
computer ordinateur
software logiciel
version release
support. supported. pris-en-charge
default defaut
delete erase. erased
open. opens. opened ouvert ouvr
close closes closed ferme
inspect examin control check verif
employ hire. hired. embauch
job. jobs. poste
law. laws. loi. statute
court tribunal judge juge magistrate
offence crime infraction delit
police gendarm
treat. treated treatment traite trait.
inject shot. shots. vaccin dose
disease illness maladie
food. meal meals repas
night nuit
morning matin
evening soir.
write writes written writing ecri
sign. signed signature signe
effect-from force. entry vigueur
agree. agreed consent consentement
breach violat manque
damage dommage degat
insur assur
person individual somebody someone anyone nobody
everyone everybody all. every each tous. toutes chaque
lorry truck camion
aircraft plane avion
train. railway
""".replace("\\\n", "")


def _table() -> tuple[dict[str, str], dict[str, str]]:
    whole: dict[str, str] = {}
    begins: dict[str, str] = {}
    for line in _GROUPS.strip().splitlines():
        names = line.split()
        for name in names:
            exact = name.endswith(".") or len(name) < SHORTEST_STEM
            (whole if exact else begins).setdefault(name.rstrip("."), f"={names[0].rstrip('.')}")
    return whole, begins


_WHOLE, _BEGINS = _table()


@lru_cache(maxsize=16_384)
def concept(word: str) -> str:
    """What a folded word is compared by: its group, or its first letters."""
    if word in _WHOLE:
        return _WHOLE[word]
    for end in range(len(word), SHORTEST_STEM - 1, -1):
        if word[:end] in _BEGINS:
            return _BEGINS[word[:end]]
    return word[:STEM]
