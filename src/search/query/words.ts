/** The function words that are left out of a query, by language; question words that carry meaning are not among them. */
export const stopWords: Readonly<Record<string, ReadonlySet<string>>> = {
  en: set(
    "a an the is are was were be been being am do does did has have had can could would should will shall i me my mine we us our you your yours so just also really very actually basically some any please there that this these those if then but kindly maybe perhaps ok okay and or as than too still even about let lets got get going gonna want wanna need know think exactly like it its i'm i've i'd i'll it's that's there's we're you're hi hello hey thanks",
  ),
  de: set(
    "der die das den dem des ein eine einen einem einer eines ist sind war waren sein wird werden wurde wurden hat haben hatte hast bin bist ich mich mir mein meine wir uns unser du dich dir dein sie ihr ihnen man denn eigentlich mal doch bitte auch sehr so dann aber oder und kann kannst können könnte könntest würde würdest soll sollte gibt es dass ob da noch schon ja gerne gern eben",
  ),
  fr: set(
    "le la les un une des du de est sont était étaient être sera suis es a ont avait je me moi mon ma mes nous notre tu te toi ton vous votre vos on ce cet cette ces que qu c' l' d' j' m' t' s' n' est-ce et ou mais donc aussi très bien y peux peut pouvez pourrais pourriez svp stp il-y-a il",
  ),
  es: set(
    "el la los las un una unos unas lo es son era eran ser está están fue hay ha han había me mi mis yo tú te tu tus usted nos nuestro se que y o pero también muy puedes puede podrías podría por favor de del al este esta esto ese esa",
  ),
  it: set(
    "il lo la i gli le un uno una è sono era erano essere sta stanno ha hanno c'è ci mi mio mia io tu ti tuo noi nostro si che e o ma anche molto puoi può potresti per favore di del della dei delle dello degli al alla questo questa quello",
  ),
  pt: set(
    "o a os as um uma uns umas é são era eram ser está estão foi há tem têm me meu minha eu tu te você vocês nos nosso se que e ou mas também muito pode podes poderia por favor de do da dos das ao este esta isso esse essa",
  ),
  nl: set(
    "de het een is zijn was waren wordt worden heeft hebben ik me mij mijn wij ons je jij jouw u uw er dat die dit deze en of maar ook heel kun kunt kan zou alsjeblieft eens nog",
  ),
  pl: set(
    "jest są był była było być to ten ta te i lub oraz ale też mi mnie mój moja ja ty twój się że proszę czy",
  ),
  ru: set(
    "это этот эта эти и или но же ли бы мне меня мой моя я ты вы мы нас есть был была было были пожалуйста в во на о об",
  ),
  uk: set("це цей ця ці і й або але ж чи мені мене мій моя я ти ви ми є був була було були будь ласка"),
  tr: set("bir ve veya ama da de mi mı mu mü bana benim ben sen siz bu şu o lütfen çok"),
  sv: set(
    "en ett den det de är var vara har hade jag mig min vi oss du dig din och eller men också mycket kan kunde skulle snälla att som",
  ),
};

/** Words that stand for something said before, by language, possessives among them. */
export const pronouns: Readonly<Record<string, ReadonlySet<string>>> = {
  en: set("he him his she her hers it its they them their theirs"),
  de: set("er ihn ihm seine sein seiner seinen seinem deren dessen"),
  fr: set("elle elles lui ils leur leurs son sa ses"),
  es: set("él ella ellos ellas su sus"),
  it: set("lui ella essa esso essi loro suo sua suoi sue"),
  pt: set("ele ela eles elas dele dela deles delas seu sua seus suas"),
  nl: set("hij hem zij haar hun"),
  pl: set("on ona ono oni jego jej ich"),
  ru: set("он она оно они его её ее их ему ней нём"),
};

/** `it` that stands for nothing: the weather, the clock, and what follows. */
export const emptyIt =
  /\b(?:what time (?:is|was) it|is it (?:going to |gonna )?(?:rain|snow|true|possible|safe|legal|worth|ok|okay|better|hot|cold|warm|raining|snowing|good|bad|too|a good|dangerous|necessary|allowed|normal|best)\w*|(?:will|does|did) it (?:rain|snow|take|cost)|how (?:long|much) (?:does|did|will) it (?:take|cost)|it (?:is|'s|seems|looks)|how(?: is|'s) it going|make it)\b/i;

/** Words that only bind; they go first when a query is too long. */
export const binders = set(
  "of in on at to for from with by as into between during per via von im in am auf für mit zu zum zur bei nach über aus en dans pour avec sur au aux par chez con por para sin sobre entre nel sul da em no na voor met op te bij w z na do о с со к у по из для och för med på i till",
);

/** What people say that asks for nothing. */
export const chitChat = set(
  "hi hello hey hallo hola bonjour salut ciao olá oi moin servus thanks thank danke merci gracias grazie obrigado obrigada ok okay yes no yep nope ja nein oui non sí si great cool nice perfect awesome super good morning evening night afternoon guten morgen tag abend buenos días buenas tardes noches buongiorno buonasera bonsoir bom dia boa tarde how who what are you it's that's sounds again bye goodbye tschüss adieu adiós up sup yo lol haha hmm sure continue go on more weiter mehr привет здравствуйте спасибо пока да нет cześć dzień dobry dziękuję merhaba selam teşekkürler hej tack great! well done there all everyone everybody friend claude gpt assistant doing geht dir ça va come stai cómo estás qué tal tudo bem wie name your old",
);

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
