export const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

export const voids = words(
  "area base br col embed hr img input link meta param source track wbr frame basefont",
);

const headings = "h1 h2 h3 h4 h5 h6";

/** Which open elements a new one ends, when they are the innermost: what the parser behind the extraction does too. */
const paragraph = words("p");
export const implied: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["body", words("head")],
  ["li", words("li")],
  ["dt", words("dt dd")],
  ["dd", words("dt dd")],
  ["tr", words("tr th td")],
  ["th", words("th")],
  ["td", words("thead th td")],
  ["tbody", words("thead tbody")],
  ["tfoot", words("thead tbody")],
  ["option", words("option")],
  ...[
    "address article aside blockquote details div dl fieldset figcaption figure footer form",
    `${headings} header hr main nav ol p pre section table ul`,
  ]
    .join(" ")
    .split(" ")
    .map((name): [string, ReadonlySet<string>] => [name, paragraph]),
]);

/** Those that an end tag around them ends without a word. */
export const endless = words("dd dt li optgroup option p rb rp rt rtc");

/** How far an end tag looks for its element (HTML 13.2.4.2): not out of a cell, for most. */
export type Scope = "most" | "paragraph" | "item" | "table" | "other";

const most =
  "applet caption table td th marquee object template mi mo mn ms mtext annotation-xml foreignobject";

/** What ends each look. The root is missing, as nothing is outside of it. */
const barriers: Readonly<Record<Scope, ReadonlySet<string>>> = {
  most: words(most),
  paragraph: words(`${most} button`),
  item: words(`${most} ol ul`),
  table: words("table template"),
  // HTML calls these special.
  other: words(
    `${most} ${headings} address article aside blockquote button center dd desc details dir div dl dt fieldset ` +
      "figcaption figure footer form frameset header hgroup iframe li listing main menu nav noembed noframes noscript " +
      "ol p plaintext pre script search section select style summary tbody textarea tfoot thead title tr ul xmp",
  ),
};

const barred = new Map<string, Scope[]>();
for (const scope of ["most", "paragraph", "item", "table", "other"] as const)
  for (const name of barriers[scope]) barred.set(name, [...(barred.get(name) ?? []), scope]);

const nothing: readonly Scope[] = [];

/** The looks that an open element ends. */
export const barredBy = (name: string): readonly Scope[] => barred.get(name) ?? nothing;

/** Parts of a table; outside of one, browsers do not read their tags. */
export const tableParts = words("caption colgroup tbody td tfoot th thead tr");

/** What goes on behind the end of what it was opened in, until its own end tag comes. */
export const formatting = words("a b big code em font i nobr s small strike strong tt u");

/** What it does not outlive. */
export const enclosures = words("applet caption marquee object td template th");

const ends: readonly [string, Scope][] = [
  [
    "address article aside blockquote button center dd details dialog dir div dl dt fieldset figcaption figure footer",
    "most",
  ],
  ["form header hgroup listing main menu nav ol pre search section select summary ul", "most"],
  [`${headings} applet marquee object`, "most"],
  [[...formatting].join(" "), "most"],
  ["p", "paragraph"],
  ["li", "item"],
  [["table", ...tableParts].join(" "), "table"],
];

const scopeOf: ReadonlyMap<string, Scope> = new Map(
  ends.flatMap(([names, scope]) => names.split(" ").map((name): [string, Scope] => [name, scope])),
);

/** Undefined for what its end tag ends wherever it comes. */
export const endScope = (name: string): Scope | undefined =>
  name === "template" ? undefined : (scopeOf.get(name) ?? "other");
