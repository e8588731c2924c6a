const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Frequent in English, and no words of its neighbours: `is`, `in`, `of`, `was`, `on` and the like are left out. */
const english = words(
  "the what which who how why where when does did are were can could should would will must has have had with this " +
    "that these those there from between and for into about you your it its they their explain describe write list " +
    "give make create tell name define summarize compare difference show find please not do i my we be been to by",
);

/** Frequent in a neighbour of English, and no English words. */
const foreign = words(
  "der das und ist nicht wie warum ich ein eine einen mit auf von zu zum zur sind wer wo le la les est que qui pour " +
    "dans une des du el los las para como por una il che di del della sono het een van niet wat hoe waarom de en et " +
    "y o e os um uma com nao och att som det hur ar og er hvad hvor ikke jest nie czy jak co je ne pas sur avec quel " +
    "quelle comment pourquoi cual donde cuando quien perche dove quando",
);

/** Texts of so few words need one English word only. */
const shortWordsMax = 6;

/**
 * Whether a text is surely English: all its letters are Latin (one in fifty may carry an accent), it has English
 * function words, and none of another language. Whoever is not sure is told no.
 */
export function isEnglish(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  const plain = text.match(/[A-Za-z]/g) ?? [];
  const latin = text.match(/\p{Script=Latin}/gu) ?? [];
  if (latin.length !== letters.length || plain.length < letters.length * 0.98) return false;
  const spoken = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const known = spoken.filter((word) => english.has(word)).length;
  return known >= (spoken.length > shortWordsMax ? 2 : 1) && spoken.every((word) => !foreign.has(word));
}
