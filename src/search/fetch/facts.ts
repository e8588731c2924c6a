import { cut } from "../plain.ts";
import { decodeReferences, tidy } from "./entities.ts";

/** What a page says of itself. */
export interface Facts {
  readonly title?: string | undefined;
  /** Dates of publication as they are written, the most trusted first. */
  readonly dates: readonly string[];
  /** Two or three letters of ISO 639. */
  readonly language?: string | undefined;
}

export interface FactsReader {
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  raw(name: string, text: string): void;
  readonly facts: Facts;
}

const titleLettersMax = 300;
const datesMax = 20;

/** Names of `<meta>` that hold when a page was published; the earlier is trusted more. */
const dateNames = [
  "article:published_time",
  "og:article:published_time",
  "datepublished",
  "parsely-pub-date",
  "sailthru.date",
  "dcterms.created",
  "dc.date.issued",
  "dc.date",
  "pubdate",
  "publish-date",
  "publication_date",
  "date",
];

/** Where dates of JSON-LD and of `<time>` stand among them. */
const jsonLdTrust = 2.5;
const timeTrust = dateNames.length;

/** JSON-LD on the web is often not quite JSON, so the one member is looked for in its text. */
const datePublished = /"datePublished"\s{0,20}:\s{0,20}"([^"]{4,60})"/;

export function createFactsReader(): FactsReader {
  const names = new Map<string, string>();
  const dates: { trust: number; text: string }[] = [];
  let isJsonLd = false;

  const keep = (name: string, text: string | undefined): void => {
    const plain = tidy((text ?? "").slice(0, titleLettersMax * 4)).replace(/\n/g, " ");
    if (plain !== "" && !names.has(name)) names.set(name, cut(plain, titleLettersMax));
  };
  const date = (trust: number, text: string | undefined): void => {
    if (text !== undefined && text !== "" && dates.length < datesMax)
      dates.push({ trust, text: text.trim() });
  };
  const meta = (attributes: ReadonlyMap<string, string>): void => {
    const name = metaName(attributes);
    const content = attributes.get("content");
    if (dateNames.includes(name)) date(dateNames.indexOf(name), content);
    else if (name === "og:title" || name === "content-language" || name === "og:locale") keep(name, content);
  };

  return {
    open(name, attributes) {
      isJsonLd = name === "script" && /ld\+json/i.test(attributes.get("type") ?? "");
      if (name === "html") keep("lang", attributes.get("lang") ?? attributes.get("xml:lang"));
      else if (name === "meta") meta(attributes);
      else if (name === "time") date(timeTrust, attributes.get("datetime"));
    },
    raw(name, text) {
      if (name === "title") keep("title", decodeReferences(text.slice(0, titleLettersMax * 4)));
      if (isJsonLd) date(jsonLdTrust, datePublished.exec(text)?.[1]);
    },
    get facts() {
      const sorted = dates.toSorted((one, other) => one.trust - other.trust);
      const language = names.get("lang") ?? names.get("content-language") ?? names.get("og:locale");
      return {
        title: names.get("title") ?? names.get("og:title"),
        dates: sorted.map(({ text }) => text),
        language: languageOf(language),
      };
    },
  };
}

const metaName = (attributes: ReadonlyMap<string, string>): string =>
  (
    attributes.get("property") ??
    attributes.get("name") ??
    attributes.get("itemprop") ??
    attributes.get("http-equiv") ??
    ""
  )
    .trim()
    .toLowerCase();

const languageOf = (tag: string | undefined): string | undefined =>
  /^([a-z]{2,3})(?:[-_,;\s]|$)/i.exec(tag ?? "")?.[1]?.toLowerCase();
