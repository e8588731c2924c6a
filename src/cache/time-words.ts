/** Words of a question whose answer is another one tomorrow. English only. */
const timeWords =
  /\b(?:today|tonight|tomorrow|yesterday|now|nowadays|currently|current|latest|newest|recent|recently|upcoming|price|prices|weather|forecast|news|headlines|score|scores|(?:this|next|last) (?:year|month|week|weekend|morning|evening|season)|at the moment|right now|these days|so far|up to date|what time|what day|what date|exchange rate|stock)\b/i;

/** Whether a question is about the present, so that its answer does not keep. */
export const hasTimeWords = (text: string): boolean => timeWords.test(text);
