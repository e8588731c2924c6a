const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * Names that are no ordinary words in any case, so that `paris` and `Paris` are the same. `Turkey`, `Polish`, `Java`,
 * `Apple` and the like are left out on purpose: their case tells what is meant.
 */
export const plainNames: ReadonlySet<string> = words(`
  africa america asia europe australia antarctica afghanistan albania algeria argentina austria bangladesh belgium
  bolivia brazil britain bulgaria cambodia cameroon canada chile colombia croatia cuba cyprus denmark ecuador egypt
  england estonia ethiopia finland france germany ghana greece haiti hungary iceland india indonesia iran iraq ireland
  israel italy jamaica japan kenya korea kuwait latvia lebanon libya lithuania luxembourg malaysia malta mexico mongolia
  morocco nepal netherlands nigeria norway pakistan panama paraguay peru philippines poland portugal romania russia
  scotland senegal serbia singapore slovakia slovenia somalia spain sudan sweden switzerland syria taiwan tanzania
  thailand tunisia uganda ukraine uruguay venezuela vietnam yemen zambia zimbabwe london paris berlin madrid rome
  vienna prague budapest warsaw lisbon dublin athens oslo stockholm copenhagen helsinki moscow istanbul cairo tokyo
  kyoto beijing shanghai seoul delhi mumbai sydney melbourne toronto montreal vancouver chicago boston seattle houston
  texas florida california amsterdam brussels geneva zurich munich hamburg barcelona milan naples venice bogota
  caracas havana nairobi english french german spanish italian portuguese russian japanese chinese korean arabic hindi
  dutch swedish norwegian danish finnish greek latin hebrew european american british canadian australian indian african
  asian monday tuesday wednesday thursday friday saturday sunday january february april june july september october
  november december einstein darwin shakespeare mozart beethoven napoleon hitler lincoln gandhi galileo
  aristotle plato socrates picasso javascript typescript postgresql mysql sqlite mongodb kubernetes linux ubuntu debian
  github gitlab youtube wikipedia iphone ipad macos graphql nginx redis docker numpy pytorch tensorflow fastapi
  pythagoras jupiter saturn uranus neptune everest sahara himalayas christmas
`);

/** Abbreviations that are no ordinary words in any case; `US`, `IT`, `WHO` and `AIDS` are not among them. */
export const plainAbbreviations: ReadonlySet<string> = words(`
  http https html css sql json xml yaml csv pdf api url dns tcp udp ftp ssh ssl tls vpn cpu gpu usb hdmi usa uk eu un
  nasa dna rna hiv nato fbi cia tv ceo cto pc png jpeg jpg gif svg php jwt oauth cors csrf xss npm ide sdk cli gui faq
  llm nlp gdp
`);

/** Words of which case says nothing where a title or a list is written. */
export const smallWords: ReadonlySet<string> = words(
  "a an the of to in for and or with by from is are do does i",
);

/** Names that are ordinary words in lower case: there, a capital counts even at the start of a sentence. */
export const twoFaced: ReadonlySet<string> = words(`
  turkey china polish java python rust swift ruby go apple amazon mercury march august windows word excel jobs gates bush
  mars shell oracle spark crystal chad jordan guinea wales reading nice bath cork lima bass sage slack notion zoom
  target gap visa chase ford lincoln dodge focus galaxy orange subway tide dove dawn catholic democrat republican
  constitution congress church state bible force matrix cloud internet moon sun earth phoenix buffalo cologne mobile
  hamlet frozen titanic friends lost office house cars up inception gravity jaws alien brave elf
`);
