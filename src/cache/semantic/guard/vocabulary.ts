import { stemOf } from "./opposed.ts";

/**
 * Words by which two questions may differ and still ask for the same, if someone who understands both says so. Any
 * other word, a name or a term most of all, must be in both.
 */
const ordinary = `
  a about accomplish achieve act actually add additional also although an and another any anyone anything approach are as ask
  assist at automobile available avoid basically be because become been begin behave being best big both briefly bring
  build but buy by calculate call came can capital car carry cause change check children choose clarify clear clearly
  come compare comparison complete completely comprehend compute concept connect construct contain contrast correct
  correctly could cover craft create damaged deal define definition deliver describe description detail determine
  develop device did differ difference different differentiate differently discover discuss display distance distinct
  distinction distinguish do does doing done each easily easy elaborate employ end ensure erase error establish example
  explain explanation express fact factor famous fast feature figure find first fix follow for form from function gain
  generally generate get give go good great guide had handle happen has have help her here his history how however i idea
  identify if illustrate implement important in include information instruction into involve invent is issue it item its
  job key kind kinds know known large lead learn let like list locate located long look made main major make manner many
  mean meaning measure mechanism method might most much must my name necessary need needed obtain occur of often on one
  operate or order origin other our outline overview own part particular people perform person place please point
  popular possible prepare prevent problem procedure process produce proper properly provide purchase purpose put quick
  quickly rapid reason recipe recommend regarding relate remove repair represent require required resolve responsible
  result say see set several should show significant simple simply situation so solve some someone something sort speak
  specific start state step still structure such suggest summarize summary take talk task tell term than that the their
  them then there these they thing think this those through time tip to together tool type understand up use used useful
  user using usually utilize value various vehicle very want was way we well were what when where which while who whole
  why will with within word work would write you your difference delete trip guideline quantity number amount popular
  famous size nation country city author writer wrote writes movie film picture photo image kid child doctor physician
  happening occurs big huge begin commence finish complete conclude assistance aid
`;

const stems: ReadonlySet<string> = new Set(ordinary.trim().split(/\s+/).map(stemOf));

/** Whether a word is an ordinary one, in any of its forms. */
export const isOrdinary = (word: string): boolean => stems.has(stemOf(word));
