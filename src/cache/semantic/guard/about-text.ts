/** What a request about a text says of it; then its spelling, case, marks and politeness are what is asked about. */
const signs =
  /:(?:\s|$)|\n|\b(?:translat\w*|re-?writ\w*|rephrase|reword|paraphrase|correct|proof-?read|edit|grammar\w*|spell\w*|punctuat\w*|capitali[sz]\w*|uppercase|lowercase|sentences?|phrases?|paragraphs?|words?|letters?|characters?|symbols?|signs?|marks?|syllables?|vowels?|consonants?|pronounc\w*|count|repeat|say|says|said|polite\w*|formal|informal|tone|typos?|contractions?|abbreviat\w*|acronyms?|articles?|verbs?|nouns?|adjectives?|synonyms?|rhymes?|anagrams?|palindromes?|reverse|encod\w*|decod\w*|hash|md5|sha\d*|base64|tokens?|quot\w+|stand for|stands for)\b/i;

/** A short form and its long one in one text: it asks about the forms. */
const bothForms =
  /\b(\w+)'s\b.*\b\1 is\b|\b(\w+) is\b.*\b\2's\b|\b(\w+)n't\b.*\b\3 not\b|\b(\w+) not\b.*\b\4n't\b|\bcan(?:'t| not)\b.*\bcannot\b|\bcannot\b.*\bcan(?:'t| not)\b/i;

/** Whether a request may be about the very letters of a text in it. */
export const isAboutText = (text: string): boolean => {
  const plain = text.trim().replaceAll(/[\u2018\u2019\u02bc]/g, "'");
  return signs.test(plain) || bothForms.test(plain);
};
