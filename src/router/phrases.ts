/** Refusals stand at the beginning; further down the same words are part of an explanation. */
const refusalLetters = 280;

const refusals: readonly RegExp[] = [
  // English
  /\bI(?:['’]m| am) (?:sorry|afraid),?(?: but)? I (?:can(?:['’]t|not)|am (?:not able|unable) to|won['’]t|must decline|don['’]t)\b/i,
  /\bI (?:can(?:['’]t|not)|am (?:not able|unable) to|won['’]t be able to) (?:help|assist|provide|answer|fulfil+|comply|complete|do that|do this|engage|discuss)/i,
  /\bI['’]m (?:not able|unable) to (?:help|assist|provide|answer|fulfil+|comply|complete|engage|discuss)/i,
  /\bas an? (?:AI|artificial intelligence)(?: language)?(?: model| assistant)?,? I (?:can(?:['’]t|not)|don['’]t|do not|am (?:not able|unable))/i,
  // German
  /\b(?:es )?tut mir leid,?(?: aber)? (?:ich|das|dabei|hierbei|darauf)\b[^.]{0,60}\bnicht\b/i,
  /\b(?:dabei|damit|hierbei|bei dieser (?:Anfrage|Bitte)) kann ich (?:Ihnen |dir )?(?:leider )?nicht (?:helfen|weiterhelfen)/i,
  /\bich kann (?:Ihnen |dir )?(?:dabei|damit|das|diese (?:Frage|Anfrage)|hierbei) (?:leider )?nicht (?:helfen|beantworten|erfüllen|weiterhelfen)/i,
  // Spanish
  /\blo siento,?(?: pero)? no (?:puedo|me es posible|estoy)/i,
  /\bno puedo (?:ayudar(?:te|le)?|asistir|proporcionar|responder|cumplir)/i,
  // French
  /\bje (?:suis désolée?|regrette),?(?: mais)? je ne (?:peux|suis)/i,
  /\bje ne (?:peux|suis) pas (?:vous aider|t['’]aider|répondre|en mesure|capable|fournir)/i,
  // Portuguese
  /\b(?:desculpe|sinto muito|lamento),?(?: mas)? (?:eu )?não (?:posso|consigo)/i,
  /\bnão (?:posso|consigo) (?:ajudar|fornecer|responder|atender)/i,
  // Italian
  /\bmi (?:dispiace|spiace),?(?: ma)? non (?:posso|sono in grado)/i,
  /\bnon (?:posso|sono in grado di) (?:aiutar|fornir|risponder|assister)/i,
  // Dutch
  /\b(?:het spijt me|sorry),?(?: maar)? (?:ik kan|daar kan ik)\b[^.]{0,60}\bniet\b/i,
  /\bik kan (?:je|u) (?:hier|daar)(?:bij|mee) niet helpen/i,
  // Russian
  /(?:извините|простите|к сожалению|прошу прощения),?(?: но)? я не (?:могу|в состоянии)/i,
  /я не могу (?:помочь|предоставить|ответить|выполнить)/i,
  // Chinese
  /(?:抱歉|对不起|很遗憾)[，,]?\s?(?:但)?我?(?:无法|不能|没有办法)/,
  /我(?:无法|不能)(?:提供|回答|协助|帮助|满足)/,
  // Japanese
  /申し訳(?:ありません|ございません)が[、,]?[^。]{0,40}(?:できません|できかねます|いたしかねます)/,
];

/** Whether an answer begins by refusing. */
export function saysNo(text: string): boolean {
  const head = text.trimStart().slice(0, refusalLetters);
  return refusals.some((pattern) => pattern.test(head));
}

const dated: readonly RegExp[] = [
  /\bas of my (?:last|latest|most recent|current)?\s?(?:knowledge|training|update|data|information)/i,
  /\bmy (?:knowledge|training)(?: data)?(?:['’]s)? (?:cut-?off|only goes|ends|was last|is current)/i,
  /\b(?:knowledge|training) cut-?off (?:date )?(?:is|was|in|of) /i,
  /\bI (?:don['’]t|do not|can['’]t|cannot) (?:have (?:access to )?|access |provide )(?:any )?(?:real-?time|current|live|up-to-date|the internet|the latest)/i,
  /\bI (?:can['’]t|cannot|am (?:not able|unable) to) (?:browse|access|search) (?:the )?(?:internet|web)/i,
  /\b(?:stand|zum Zeitpunkt) mein(?:es|er) (?:letzten )?(?:Wissens|Trainings|Aktualisierung)/i,
  /\bmein(?:e|em|en)? (?:Wissensstand|Wissen|Trainingsdaten) (?:reich|end|geh|ist auf)/i,
  /\bkeinen Zugriff auf (?:aktuelle|Echtzeit|das Internet)/i,
  /\b(?:hasta|a partir de|según) mi (?:última|fecha de|conocimiento|entrenamiento|actualización)/i,
  /\bno tengo acceso a (?:información|datos|internet)[^.]{0,20}(?:tiempo real|actual|internet)?/i,
  /\b(?:à la date de|jusqu['’]à) ma (?:dernière|connaissance|formation|mise à jour)/i,
  /\bje n['’]ai pas accès (?:à (?:des |l['’])?(?:informations?|données|internet)|aux (?:informations|données))/i,
  /\b(?:até|desde) (?:a )?minha (?:última|data de)/i,
  /\bnão tenho acesso (?:a|à) (?:informaç|dados|internet)/i,
  /\b(?:al|fino al) mio (?:ultimo|aggiornamento)|\bnon ho accesso (?:a|alle|ai) (?:informazioni|dati|internet)/i,
  /\bik heb geen toegang tot (?:actuele|realtime|het internet)|\bmijn kennis (?:reikt|gaat|loopt)/i,
  /(?:мои знания|мои данные)[^.]{0,30}(?:ограничен|заканчива|до \d{4})|нет доступа к (?:интернету|актуальн|данным в реальном)/i,
  /(?:截至|截止到?)我(?:的)?(?:知识|训练|最后|上次)|我的知识(?:截止|更新)|无法(?:访问|获取)(?:实时|互联网|最新)/,
  /私の(?:知識|学習データ|情報)は[^。]{0,20}(?:まで|時点)|リアルタイム(?:の)?(?:情報|データ)[^。]{0,20}(?:アクセス|取得)/,
];

/** Whether an answer says that its knowledge ends before now, or that it cannot look. */
export const saysItIsDated = (text: string): boolean => dated.some((pattern) => pattern.test(text));
