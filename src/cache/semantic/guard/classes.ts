const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

export const negations = words(
  "not no never none nothing nobody nowhere neither nor without hardly barely scarcely seldom rarely fail avoid stop " +
    "prevent lack refuse deny unless except excluding exclude dont doesnt didnt isnt arent wasnt werent cant wont " +
    "shouldnt wouldnt couldnt mustnt non anti ban ignore skip",
);

/** Words that say of how much, how often, when or under what condition a question speaks. */
export const quantifiers = words(
  "all some any every each most many much few several both either only just even always sometimes often usually " +
    "entire whole half more less fewer least than as too enough almost nearly exactly approximately about roughly " +
    "before after until since during while if when once again still already yet anymore everyone someone anyone " +
    "everything something anything other another same different own besides instead despite because although but " +
    "or and such else per average total top bottom first last next previous original final better best worse worst " +
    "main default maximum minimum",
);

/** Words that say where something comes from, goes to or lies; `to` counts beside a `from` only. */
export const directions = words(
  "from by into onto over under above below across against through behind beside inside outside toward towards off up " +
    "down out around along near with for on at without within upon via versus vs",
);

export const questionWords = words("what which who whom whose when where why how");
/** What follows `how` and makes another question of it. */
export const measures = words(
  "many much long far old often tall big fast high deep hot cold heavy large wide soon quickly late early small slow " +
    "strong hard expensive come",
);

/** Also the past, which asks about something else than the present. */
export const modals = words(
  "can could may might should must shall will would ought need was were did had been going used able has have",
);

export const persons = words(
  "he she they him her them his hers their theirs himself herself themselves we us our ours it its this that these those",
);

export const units = words(
  "second seconds minute minutes hour hours day days week weeks month months year years decade decades century " +
    "centuries ms s min h km m cm mm mi mile miles kilometer kilometers meter meters metre metres foot feet inch inches " +
    "yard yards g kg mg lb lbs oz ounce ounces gram grams pound pounds kilogram kilograms ton tons tonne tonnes l ml " +
    "liter liters litre litres gallon gallons cup cups pint pints celsius fahrenheit kelvin degrees c f k kb mb gb tb " +
    "kib mib gib byte bytes bit bits dollars dollar euros euro usd eur gbp percent volts volt amps watts watt hz mhz ghz " +
    "mph kmh am pm people players calories",
);

const numberNames =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
  "eighteen nineteen twenty";
const ordinalNames =
  "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth " +
  "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth";

/** Words that are numbers, and what they are; those that only multiply stand for themselves. */
export const numberWords: ReadonlyMap<string, string> = new Map([
  ...numberNames.split(" ").map((name, value): [string, string] => [name, String(value)]),
  ...ordinalNames.split(" ").map((name, value): [string, string] => [name, `${value}.`]),
  ...(
    "thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion " +
    "billions trillion trillions dozen dozens half quarter third double triple twice thrice once pair couple single " +
    "both"
  )
    .split(" ")
    .map((name): [string, string] => [name, name]),
]);
