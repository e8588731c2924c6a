import type { Freshness } from "../provider.ts";

const dayMs = 86_400_000;

/** What a question's words say of time. */
export interface AskedTime {
  /** How old an answer may be. */
  readonly freshness: Freshness | undefined;
  /** The year that the words mean; undefined when they mean none, or name it themselves. */
  readonly year: number | undefined;
}

interface TimeRule {
  readonly freshness: Freshness | undefined;
  /** How far the meant time lies from now, in days. */
  readonly days: number;
  readonly pattern: RegExp;
}

/** Word borders that know letters of all scripts; words of scripts without spaces stand anywhere. */
const words = (spaced: string, unspaced: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${spaced})(?![\\p{L}\\p{N}])|${unspaced}`, "iu");

/** The first rule that fits counts: what names its day comes before what only sounds new. */
const rules: readonly TimeRule[] = [
  {
    freshness: undefined,
    days: -365,
    pattern: words(
      "last year|letztes jahr|letzten jahres|vergangenes jahr|l'année dernière|l'an dernier|(?:el )?año pasado|l'anno scorso|scorso anno|(?:o )?ano passado|vorig jaar|zeszły rok|w zeszłym roku|прошл(?:ый|ом|ого) год[ау]?",
      "去年|昨年|작년",
    ),
  },
  {
    freshness: "year",
    days: 365,
    pattern: words(
      "next year|nächstes jahr|l'année prochaine|(?:el )?próximo año|año que viene|(?:il )?prossimo anno|(?:o )?próximo ano|ano que vem|volgend jaar|в следующем году",
      "明年|来年|내년",
    ),
  },
  {
    freshness: "day",
    days: -1,
    pattern: words(
      "yesterday|gestern|hier soir|ayer|ieri|ontem|gisteren|wczoraj|вчера|dün|igår",
      "昨天|昨日|어제",
    ),
  },
  {
    freshness: "day",
    days: 1,
    pattern: words(
      "tomorrow|morgen früh|demain|mañana|domani|amanhã|jutro|завтра|yarın|imorgon",
      "明天|明日|내일",
    ),
  },
  {
    freshness: "day",
    days: 0,
    pattern: words(
      "today|tonight|right now|at the moment|this (?:morning|afternoon|evening)|(?:last|past) 24 hours|breaking|now|heute|gerade|im moment|jetzt|momentan|aujourd'hui|ce soir|maintenant|en ce moment|hoy|ahora(?: mismo)?|esta noche|oggi|adesso|stasera|hoje|agora|vandaag|nu|dzisiaj|dziś|teraz|сегодня|сейчас|bugün|şu an|idag|just nu|اليوم|الآن|आज|अभी",
      "今天|现在|今日|現在|今夜|오늘|지금",
    ),
  },
  {
    freshness: "week",
    days: 0,
    pattern: words(
      "(?:this|past|last) (?:week|weekend)|(?:last|past) (?:few|7|seven) days|(?:latest|recent|current) (?:news|headlines)|diese[rn]? woche|letzte[rn]? woche|(?:aktuelle|neueste|neuste|letzte)n? (?:nachrichten|meldungen)|cette semaine|semaine dernière|dernières (?:nouvelles|actualités|infos)|esta semana|semana pasada|últimas noti[cz]i?as|questa settimana|settimana scorsa|ultime notizie|semana passada|deze week|w tym tygodniu|на этой неделе|последние новости|bu hafta|son haberler|senaste nytt",
      "本周|这周|上周|今週|先週|最新ニュース|最新新闻|최신 뉴스|이번 주|지난주",
    ),
  },
  {
    freshness: "month",
    days: 0,
    pattern: words(
      "(?:this|past|last) month|(?:last|past) (?:few weeks|30 days)|recent(?:ly)?|lately|diese[nrsm]? monats?|letzte[nrm]? monat|kürzlich|in letzter zeit|ce mois-ci|mois dernier|récemment|este mes|mes pasado|recientemente|questo mese|mese scorso|recentemente|este mês|mês passado|deze maand|onlangs|w tym miesiącu|ostatnio|в этом месяце|недавно",
      "本月|这个月|上个月|最近|今月|先月|이번 달|지난달|최근",
    ),
  },
  {
    freshness: "year",
    days: 0,
    pattern: words(
      "this year|latest|newest|current(?:ly)?|nowadays|these days|up[ -]to[ -]date|so far|dieses jahr|diesem jahr|aktuell(?:e[nrsm]?)?|neue?ste[nrsm]?|derzeit(?:ige[nr]?)?|zurzeit|heutzutage|cette année|dernier|dernière|derniers|dernières|actuel(?:le|lement|s|les)?|este año|últim[oa]s?|actual(?:es|mente)?|más recientes?|quest'anno|ultim[oaie]|attual[ei]|attualmente|este ano|atua(?:l|is|lmente)|mais recentes?|dit jaar|nieuwste|huidige|laatste|w tym roku|najnowsz\\p{L}+|obecn\\p{L}+|aktualn\\p{L}+|ostatni\\p{L}*|в этом году|последн\\p{L}+|текущ\\p{L}+|нынешн\\p{L}+|актуальн\\p{L}+|son|güncel|senaste|nuvarande",
      "今年|最新|目前|当前|올해|최신|현재",
    ),
  },
];

const explicitYear = /(?<![\p{L}\p{N}.,])(?:19|20)\d{2}(?![\p{N}]|[.,]\d)/u;

/** Reads the time that a text asks for. A year in the text is taken at its word. */
export function timeOf(text: string, nowMs: number): AskedTime {
  const plain = text.replaceAll("’", "'");
  const rule = rules.find(({ pattern }) => pattern.test(plain));
  if (rule === undefined) return { freshness: undefined, year: undefined };
  const [named] = explicitYear.exec(plain) ?? [];
  const thisYear = new Date(nowMs).getUTCFullYear();
  if (named !== undefined)
    return { freshness: Number(named) >= thisYear ? rule.freshness : undefined, year: undefined };
  const year =
    Math.abs(rule.days) === 365
      ? thisYear + Math.sign(rule.days)
      : new Date(nowMs + rule.days * dayMs).getUTCFullYear();
  return { freshness: rule.freshness, year };
}

/** Words for a year that the year's number stands in for. */
export const yearWords = words(
  "(?:this|last|next) year(?:'s)?|(?:dieses|diesem|letztes|letzten|nächstes) jahr|cette année|l'année (?:dernière|prochaine)|este año|año pasado|próximo año|quest'anno|anno scorso|este ano|ano passado|dit jaar|в (?:этом|прошлом|следующем) году",
  "今年|去年|明年|来年|昨年|올해|작년|내년",
);
