import { subjects } from "./subjects.ts";

/**
 * Classes of words that mean the same to the analyzer; each is a dense feature, and a stand-in for its words in the
 * patterns. `*` ends the beginning of a word, `-` stands for a space: phrases have two or three words.
 */
const cues = {
  now:
    "today tonight tomorrow yesterday now current currently latest newest recent recently upcoming nowadays these-days this-week " +
    "this-month this-year this-season this-weekend this-morning next-week next-month next-year last-week last-month last-night " +
    "right-now as-of so-far at-present at-the-moment presently lately up-to-date today's tonight's this-spring this-summer " +
    "this-autumn this-winter this-quarter yday rn atm hoy ahora actual actuales actualmente mañana ayer reciente últim* vigente " +
    "esta-semana este-año este-mes heute aktuell* derzeit jetzt gerade morgen gestern neueste* neuste* diese-woche dieses-jahr " +
    "momentan aujourd'hui actuel* actuellement maintenant demain hier récent* dernièr* dernier* cette-semaine cette-année en-ce " +
    "hoje agora atual atuais atualmente ontem amanhã recente* esta-semana este-ano oggi adesso attual* ieri domani ultim* recent* " +
    "quest'anno questa-settimana vandaag nu momenteel huidige actuele laatste nieuwste gisteren dit-jaar deze-week dzisiaj dziś " +
    "teraz obecn* aktualn* ostatni* wczoraj jutro najnowsz* w-tym bugün şimdi şu-anda şu-an güncel bu-hafta bu-yıl dün yarın son " +
    "сегодня сейчас текущ* последн* вчера завтра нынешн* актуальн* свеж* aaj abhi الآن اليوم حاليا الحالي حالي أحدث آخر अभी आज फिलहाल इस-साल ताज़ा मौजूदा",
  changing:
    "still yet anymore already changed changes since ongoing happening new newly announced confirmed planned rumoured rumored " +
    "coming due expected just-released going-on any-news update updates status todavía aún noch encore ainda ancora nog jeszcze wciąż hâlâ ещё до-сих",
  market:
    "stock stocks share-price shares bitcoin btc ethereum eth crypto gold silver crude oil-price brent exchange-rate euribor libor " +
    "inflation gdp unemployment nasdaq dow ftse dax nikkei s&p index mortgage-rates mortgage-rate interest-rate interest-rates " +
    "base-rate fed ecb ipo market-cap earnings quarter revenue valuation trading-at usd eur gbp yen rupee bond-yield bolsa acción " +
    "dólar euro aktie* kurs leitzins börse cours bourse cotation ações bolsa azioni borsa beurs kurs-euro akcje kurs-euro dolar borsa курс акци* биткоин*",
  weather:
    "weather forecast rain raining snow temperature humidity pollen uv storm hurricane typhoon heatwave sunrise sunset tide tides " +
    "air-quality wildfire flood earthquake eclipse aurora clima tiempo-hace lloverá pronóstico wetter regnet temperatur météo pleut " +
    "temps-fait tempo chover previsão meteo piove weer regent pogoda padać deszcz hava yağmur погода дожд* снег 天气 天気 날씨 طقس الطقس मौसम",
  sport:
    "score scores match game fixture fixtures standings league cup playoffs final finals semi tournament champion champions " +
    "championship transfer lineup squad injured injury coach manager season nba nfl mlb nhl f1 grand-prix formula olympics world-cup " +
    "premier-league bundesliga wimbledon ranked ranking seed ufc ipl t20 wicket goal goals scored scorer medal medals drafted " +
    "partido resultado liga gol clasificación spiel bundesliga tabelle tor ergebnis classement jogo placar brasileirão partita serie-a " +
    "wedstrijd uitslag mecz wynik maç skor lig puan-durumu матч счёт чемпионат",
  news:
    "news headline headlines election elections elected poll polls vote votes voted parliament congress senate strike strikes war " +
    "ceasefire sanctions summit protest protests court-rule ruling trial verdict indicted resigned scandal outbreak vaccine " +
    "bill pass passed law-passed tariff tariffs brexit coalition candidate candidates campaign merger acquisition layoffs noticias " +
    "elecciones nachrichten wahl wahlen umfrage actualités élection élections notícias eleição notizie elezioni nieuws verkiezingen " +
    "wiadomości wybory haber seçim новости выборы 新闻 ニュース 뉴스 أخبار समाचार",
  media:
    "movie film movies season episode series netflix hbo disney spotify cinema cinemas theaters box-office album tour concert gig " +
    "festival oscar oscars grammy emmy emmys charts number-one trailer streaming show tickets cast premiere airing eurovision " +
    "bestseller podcast lineup película serie temporada kino staffel konzert série saison sortie filme stagione seizoen odcinek sezon dizi сериал сезон",
  travel:
    "flight flights train trains bus delay delayed delays airport station ferry traffic road closed open opening-hours open-on hours " +
    "closes closing timetable departure departures visa entry passport border ticket hotel hotels airline book booking reservation " +
    "restaurant restaurants near-me nearby nearest around-here pharmacy parking toll tren vuelo horario abierto abre zug flug geöffnet " +
    "öffnungszeiten train-de vol horaires ouvert trem voo aberto treno volo orari aperto trein vlucht open-is pociąg lot otwart* uçak tren açık рейс поезд открыт*",
  shop:
    "price prices cost costs cheap cheaper cheapest buy deal deals discount sale in-stock subscription plan plans per-month worth-buying " +
    "review reviews recommend recommended budget for-under shipping warranty order refurbished second-hand upgrade-to precio cuesta " +
    "barat* preis kostet billig* kaufen günstig* prix coûte cher acheter preço custa barat* comprar prezzo costa comprare prijs kost " +
    "goedkoop* kopen cena kosztuje tani* kupić fiyat kaç-para ucuz satın цена стоит сколько-стоит купить дешев* 多少钱 价格 いくら 値段 가격 얼마 سعر कीमत",
  version:
    "version versions release released releases lts eol end-of-life deprecated deprecation changelog-of patch patched cve cves vulnerability " +
    "stable-version latest-stable beta nightly preview roadmap support supports supported supporting supports-yet landed shipped ships " +
    "upgrade upgraded breaking-changes out-yet available availability beta-of minimum-version compatible compatibility quota quotas " +
    "tier pricing rate-limit rate-limits free-tier context-window benchmark benchmarks leaderboard outage down-right incident versión " +
    "versión-estable fassung unterstützt versie wersja sürüm версия 版本 バージョン 버전",
  rules:
    "threshold thresholds allowance allowances limit limits minimum-wage wage deadline deadlines fee fees eligibility eligible cap " +
    "regulation regulations tax-year tax-bracket brackets pension-age benefit benefits subsidy grant contribution rate rates vat duty duties " +
    "requirement entitled legal-limit allowed speed-limit statutory salary salaries stamp-duty national-insurance iva mehrwertsteuer " +
    "freibetrag mindestlohn beitrag smic taxe plafond salário-mínimo imposto aliquota soglia minimumloon toeslag płaca-minimalna próg asgari-ücret мрот налог*",
  office:
    "ceo cto cfo president prime-minister minister chancellor mayor governor head-coach captain owner owns chairman chairwoman director king " +
    "queen pope senator secretary secretary-general commissioner speaker chief-executive premier archbishop ambassador leader boss " +
    "host presenter record-holder richest tallest fastest oldest youngest highest-paid holder reigning presidente ministro ministra alcald* " +
    "primer-ministro präsident* kanzler* bürgermeister* vorsitzende* maire ministre président* primeiro-ministro prefeito sindaco premier " +
    "burgemeester prezydent premierem burmistrz cumhurbaşkanı başkan* президент премьер* мэр директор 总统 首相 대통령 총리 رئيس राष्ट्रपति प्रधानमंत्री",
  standing:
    "alive dating married engaged divorced net-worth pregnant retired retire working-on living-in lives-in how-old age arrested " +
    "population followers subscribers ranked most-popular most-visited best-selling biggest largest population-of worth is-it-still",
  past:
    "history historical century centuries ancient medieval born died invented invent inventor wrote written founded discovered originally " +
    "origin etymology roman empire dynasty revolution treaty signed battle wwii ww2 wwi world-war cold-war first-ever was were did " +
    "used-to painted composed author novel back-then in-the-1 siglo antigu* inventó escribió murió fue jahrhundert erfunden gründete " +
    "schrieb starb war siècle inventé écrit mort était século inventou escreveu morreu foi secolo inventato scritto morì eeuw schreef " +
    "uitgevonden wieku wynalazł napisał zmarł yüzyıl icat yazdı öldü веке изобр* написал* умер* основ*",
  ownThing:
    "my our mine ours i'm i've we're we've mi mis nuestro nuestra mein meine meinen meinem meiner unser unsere mon ma mes notre nos meu " +
    "minha meus nosso nossa mio mia miei nostro mijn onze mój moja moje nasz benim bizim мой моя мои мне наш* मेरा मेरे मेरी हमारे 我 我的 我们 私 うち 내 우리",
  define:
    "mean means meaning definition define stand-for stands-for synonym synonyms antonym opposite plural spell spelling spelled pronounce " +
    "pronounced pronunciation capital-of capital another-word short-for abbreviation acronym called what's-the-word difference-between " +
    "significa significado sinónimo bedeutet bedeutung schreibt-man heißt mehrzahl signifie veut-dire synonyme écrit-on sinônimo significato " +
    "si-dice betekent betekenis hoe-schrijf znaczy oznacza synonim ne-demek eş-anlamlı значит означает синоним как-пишется 什么意思 意味 とは 뜻 معنى मतलब",
  lightTask:
    "rewrite rephrase reword translate summarize summarise summary sum-up shorten proofread correct fix-grammar grammar typos typo commas " +
    "capitalise capitalize uppercase lowercase alphabetical sort convert list reformat format tidy bullet bullets bullet-points extract " +
    "highlight underline swap replace remove count spell classify label tag tags categorize title caption friendlier politer formal-tone " +
    "traduce traduz traduire traduis übersetz* korrigier* fass zusammen résume corrige corrija resum* traduc* traduci riassumi correggi " +
    "vertaal corrigeer samenvat* przetłumacz popraw stresz* çevir düzelt özetle переведи исправь перескажи сократи 翻译 翻訳 번역 ترجم अनुवाद 改写 润色",
  midTask:
    "explain outline plan itinerary draft essay cover-letter lesson-plan meal-plan schedule compare comparison guide walk-me pros-and-cons " +
    "pros cons overview brainstorm ideas suggest suggestions advice table checklist steps step-by-step show-how introduction speech article " +
    "blog-post workout programme quiz exercises worksheet calculate compute work-out solve explica explícame compara erkläre erklär* vergleich* " +
    "explique expliquer comparez compare spiega confronta leg-uit vergelijk wyjaśnij porównaj wytłumacz açıkla karşılaştır объясни сравни составь " +
    "解释 比较 説明 比較 설명 비교 اشرح قارن समझाओ",
  build:
    "implement implementation write build create develop code-it make add generate script function component endpoint with-tests tests " +
    "unit-tests test-cases parser library module tool app service crud cli plugin bot scraper implementa implementiere* schreib* baue " +
    "écris implémente* escreva implementar scrivi implementa schrijf bouw napisz zaimplementuj yaz oluştur напиши реализуй 写 実装 書いて 작성 구현 اكتب लिखो",
  change:
    "refactor migrate migration port rewrite-in convert-to optimize optimise speed-up faster modernise split extract-method replace-with " +
    "upgrade-from move-from modernize vectorise vectorize parallelise decouple",
  design:
    "design architecture architect propose proposal blueprint strategy strangler roadmap-for system-design data-model topology target-state " +
    "migrate-from rollout entwirf entwurf konzept architektur diseña diseñar arquitectura conçois concevoir projete projetar arquitetura " +
    "progetta progettare architettura ontwerp zaprojektuj architektur* tasarla mimari спроектир* архитектур* 设计 架构 設計 アーキテクチャ 설계 아키텍처 صمم डिज़ाइन",
  prove:
    "prove proof proofs disprove derive derivation rigorous rigorously show-that justify counterexample necessary-and sufficient closed-form " +
    "lemma theorem corollary induction formally demuestra demostra* beweis* herleit* démontre* prouve* prove-que demonstre dimostra* bewijs* " +
    "udowodnij wykaż kanıtla ispatla докажи доказат* выведи 证明 证 証明 증명 أثبت برهن सिद्ध",
  judge:
    "critique evaluate assess analyse analyze analysis argue argument arguments defend steelman weigh trade-offs tradeoffs trade-off implications " +
    "consequences risks risk failure-modes weaknesses flaws referee objections counterarguments assumptions identify reconcile synthesise " +
    "synthesize root-cause strongest contradict contradictions stress-test second-order bewerte* beurteile* analysier* évalue* analyse* évaluer " +
    "avalie analise valuta analizza beoordeel analyseer oceń przeanalizuj değerlendir analiz оцени проанализ* 分析 权衡 评估 評価 분석 평가",
  brief:
    "one-sentence one-line one-liner one-word short quick quickly briefly brief simple simply just only tl;dr tldr in-short few-words single-word " +
    "yes-or basic easy oneliner en-una kurz nur einfach bref court juste breve só apenas solo kort alleen krótko tylko kısaca sadece коротко просто 一句话 简单 簡単 一言 간단",
  depth:
    "thorough thoroughly detailed in-depth comprehensive complete full end-to-end production production-grade exhaustive justify-each " +
    "step-through each-decision edge-cases invariants correctness complexity-analysis formal bounds guarantees rollback failure adversarial cite " +
    "quantify numbers estimate capacity back-of sensitivity caveats uncertainty limits-of ausführlich begründe* détaillé justifie* détaillée detalhad* justifique dettagliat* motiva",
  constraint:
    "must exactly at-least at-most without unless except ensure guarantee constraint constraints cannot can't mustn't shouldn't while-keeping " +
    "no-more zero-downtime backwards-compatible idempotent exactly-once within-budget under-load never always both either sin ohne sans sem senza zonder bez без",
  why: "why how-come reason reasons because pourquoi warum wieso weshalb por-qué porqué por-que perché waarom dlaczego neden niye почему зачем 为什么 为何 なぜ 왜 لماذا क्यों",
  opinion:
    "should would-you better worth is-it-worth good-idea best which-one prefer recommend choose pick vs versus or-not instead soll sollte debería " +
    "devrait deveria dovrei moet powin* czy-warto gerekir стоит-ли лучше 应该 还是 べき 나을까",
  quantity:
    "how-many how-much total sum average mean median percentage percent count number-of most least rank ranking top highest lowest " +
    "per group each breakdown compare by-month cuánt* wie-viele wieviel combien quant* hoeveel ile kaç сколько 多少 几 いくつ 몇",
  structure:
    "json csv yaml xml toml markdown-table table columns column schema fields field keys key-value jsonl array-of object snake_case camelcase " +
    "valid-json only-json no-prose template html-table typescript-interface",
  given:
    "following below above attached this-text this-email this-paragraph passage excerpt article uploaded document documents transcript handbook " +
    "policy according-to based-on from-the going-by pdf pdfs files notes minutes contract-says knowledge-base wiki-says report quoted text " +
    "manual-says per-the in-the-document siguiente adjunto texto folgende* anbei angehängt text suivant* ci-joint texte seguinte anexo seguente allegat* bijgevoegd* załącz* ekteki ниже прикрепл* 附件 下面 以下 添付 첨부 المرفق",
  action:
    "remind reminder alarm timer schedule-a book order send call text-my email-my play pause turn-on turn-off switch-on switch-off set-the set-a " +
    "add-to create-ticket create-a-ticket open-a close-the cancel move-my delete-the post-to upload run-the restart lights thermostat calendar " +
    "shopping-list recuérdame pon envía erinnere* stell schalte rappelle mets envoie lembre coloque envie ricordami imposta metti herinner zet stuur " +
    "przypomnij ustaw wyślij hatırlat kur gönder напомни поставь отправь включи 提醒 设置 打开 リマインド 알려줘 ذكرني याद",
  polite:
    "please could would kindly thanks thank hi hello hey pls plz cheers bitte danke por-favor gracias merci s'il-vous obrigado grazie per-favore " +
    "alstublieft proszę dziękuję lütfen пожалуйста спасибо 请 请问 お願い ください 부탁 من-فضلك कृपया",
  wish:
    "tell-me i'd-like i'd-want i-would-like i-want i-need i-only-want i-just-want i-just-need can-you could-you give-me let-me-know help-me " +
    "should-i should-we the-question what-i-want ich-möchte ich-brauche kannst-du könntest-du quiero necesito puedes podrías je-voudrais " +
    "j'ai-besoin peux-tu pourriez-vous quero preciso você-pode vorrei puoi ik-wil kun-je chcę proszę-o мне-нужно хочу 帮我 我想 教えて したい 싶어 해줘 أريد मुझे-बता",
  followUp:
    "again instead also too then that it those these same previous earlier continue shorter longer more go-on ok and-what what-about",
} as const satisfies Readonly<Record<string, string>>;

/** The classes in their order: each is one dense feature. */
export const wordClasses: Readonly<Record<string, string>> = { ...cues, ...subjects };
export const classNames: readonly string[] = Object.keys(wordClasses);
