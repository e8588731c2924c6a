/** What requests are about, in the words of each subject; the form is that of `words.ts`. */
export const subjects = {
  hardMaths:
    "theorem lemma integral integrals differential equation eigenvalue* eigenvector* manifold topolog* homeomorph* isomorph* homomorph* " +
    "group-of abelian galois ring ideal finite-field polynomial* irrational transcendental prime primes modulo congruence diophantine " +
    "converge* divergen* series sequence limit supremum compact metric-space hilbert banach lebesgue measure-zero fourier laplace gradient " +
    "hessian convex stochastic martingale markov bayesian posterior likelihood estimator unbiased variance combinatori* bijection graph-theory " +
    "np-hard np-complete decidable undecidable turing halting kolmogorov conjecture axiom zorn cardinal* countable infinite infinitely " +
    "recurrence asymptotic* integers integer rational continuous bounded tiling pigeonhole induction nash equilibrium determinant matrix matrices " +
    "satz ableitung gleichung primzahl* irrational* théorème équation nombres-premiers teorema ecuación primos equação equazione stelling twierdzenie równani* теорем* уравнени* простых",
  easyMaths:
    "plus minus times divided multiplied percent square-root cubed squared sum-of area perimeter fraction decimal round add-up tip split-the " +
    "convert-to celsius fahrenheit km miles kg pounds inches cm litres liters cups ounces grams tablespoons minutes hours seconds how-many-days",
  science:
    "quantum relativity entropy thermodynamic* photosynthesis molecule* enzyme* genome gene genes dna rna protein* cell cells evolution " +
    "electron* photon* neutrino* gravity mass energy momentum velocity force pendulum orbit star stars planet galaxy black-hole reaction* acid " +
    "catalyst synthesis stereochem* equilibrium-constant titration isotope* neuron* immune bacteria virus species plate-tectonic* climate lagrangian " +
    "hamiltonian spectroscopy nmr polymer crystal semiconductor laser antenna circuit amplifier frequency",
  philosophy:
    "ethic* moral* immoral ought justified justice duty consent free-will consciousness conscious identity meaning-of-life kant hume wittgenstein " +
    "aristotle plato utilitarian* deontolog* epistemolog* metaphys* existential* dilemma trolley god existence paradox knowledge truth obligation " +
    "blame guilt forgive fair fairness dignity conscience betray promise promised lie lying secret éthique ética etik* moral gerecht* morale etica",
  legal:
    "law legal illegal lawful court contract clause liabilit* liable statute plaintiff defendant tort negligen* jurisdiction sue sued lawsuit patent " +
    "copyright trademark compliance gdpr landlord tenant tenancy lease evict* deposit custody divorce will inherit* estate probate executor dismissed " +
    "dismissal fired redundan* severance notice-period non-compete nda employer employee tribunal breach damages penalty evidence witness police charged " +
    "asylum deport* injunction fiduciary shareholder* limitation-period abogado despido contrato mietvertrag vermieter kündig* klage anwalt recht licenci* bail propriétaire " +
    "demissão inquilino licenziamento affitto huurcontract ontslag umowa wypowiedzeni* zwolnieni* dava kira-sözleşmesi суд* договор увольнени* иск закон*",
  medical:
    "patient symptom* diagnos* dose dosage mg ml treatment disease chronic therapy clinical medication* contraindicat* syndrome warfarin ibuprofen " +
    "lithium metformin ssri antidepressant* insulin diabet* cancer tumour tumor chemo pregnan* surgery fever rash pain chest stroke seizure* " +
    "kidney liver heart blood blood-pressure potassium creatinine ecg mri biopsy allerg* antibiotic* statin overdose suicid* anxiety depress* autis* adhd dementia " +
    "medicamento dosis schmerz* medikament* arzt douleur médicament remédio dor farmaco dolore medicijn pijn lek leki ból ilaç ağrı лекарств* боль симптом*",
  money:
    "tax taxes taxed mortgage portfolio hedge derivative* amortization depreciation equity bonds etf etfs pension annuity lump-sum roth 401k isa " +
    "inheritance invest investing investment* retire-early savings loan debt refinance capital-gains self-employed freelancer invoice balance-sheet cash-flow " +
    "dcf ebitda irr npv option-pricing black-scholes volatility insurance premium bankrupt* startup-equity steuer* impuesto* impôt* imposto* tasse belasting podatek vergi налог*",
  people:
    "father mother mum mom dad brother sister son daughter husband wife partner friend neighbour neighbor colleague boss grandmother grandfather " +
    "nephew kids child children family he she him her they told says said refuses wants left died dying owes lent trust afraid angry",
  systems:
    "consensus raft paxos linearizab* lock-free wait-free mvcc wal lsm b-tree crdt* jit allocator simd avx numa cache-line memory-order* atomics " +
    "garbage-collect* gc kernel epoll io_uring scheduler coroutine* vector-clock quorum byzantine gossip fsync tlb page-fault* spinlock mutex* semaphore* " +
    "race-condition data-race deadlock* livelock starvation backpressure tail-latency bloom-filter skip-list red-black suffix trie compiler ssa register-allocat* " +
    "type-inference hindley parser-generator grammar-ambiguity interpreter bytecode hash-join query-planner optimizer vacuum replication-lag snapshot isolation " +
    "serializable phantom write-skew two-phase idempoten* exactly-once watermark* checkpoint* zero-copy cryptograph* elliptic zk-snark tls handshake side-channel fuzz*",
  scale:
    "million millions billion thousand tenants users customers devs developers engineers teams per-second rps qps tps p50 p95 p99 p99.9 tb gb pb regions " +
    "multi-region data-centre datacenter nodes shards partitions countries markets sites stores years-of petabyte terabytes concurrent peak millones millionen " +
    "millions-de milhões milioni miljoen milion* milyon миллион* 万 億 百万 만 مليون करोड़ लाख",
  structureOfSystems:
    "microservice* monolith monorepo event-driven event-sourcing cqrs saga outbox cdc kafka rabbitmq queue queues pub/sub broker multi-tenan* tenancy-model " +
    "sharding sharded partitioning replication failover disaster-recovery rto rpo active-active load-balanc* cdn edge serverless service-mesh api-gateway gateway " +
    "bounded-context* domain-driven hexagonal layered cache-layer caching data-lake lakehouse warehouse etl pipeline pipelines data-mesh sso oauth identity-provider " +
    "zero-trust scalab* scale-out availability consistency cap-theorem vendor-lock self-host cloud on-prem hybrid single-page backend frontend bff websocket* polling " +
    "graphql-or rest-or grpc sql-or nosql stateless session-store tech-stack stack infrastructure terraform-modules rollout feature-flags blue-green canary",
  databases:
    "sql postgres postgresql mysql sqlite mongodb mongo redis cassandra dynamodb oracle mssql snowflake bigquery clickhouse elasticsearch query select join " +
    "index indexes foreign-key primary-key transaction row rows column-type view stored-procedure trigger orm prisma sqlalchemy hibernate alembic",
  codeLanguage:
    "python javascript typescript java rust golang c++ c# kotlin swift php ruby perl scala haskell elixir erlang clojure lua julia matlab fortran cobol bash zsh " +
    "powershell vba excel-formula regex html css sass latex assembly zig dart sql awk sed jq go-code in-go in-c in-r ocaml prolog solidity wasm",
  framework:
    "react vue angular svelte next.js nextjs nuxt node node.js express django flask fastapi rails laravel spring spring-boot .net asp.net blazor qt gtk " +
    "flutter android ios swiftui jetpack compose pandas numpy pytorch tensorflow sklearn scikit-learn spark airflow dbt jquery tailwind bootstrap electron tauri unity " +
    "godot unreal vite webpack babel eslint prettier jest vitest pytest junit cypress playwright selenium tokio axum serde actix symfony wordpress",
  devTool:
    "git github gitlab commit branch merge rebase stash push pull-request docker dockerfile container image kubernetes k8s kubectl pod helm terraform ansible " +
    "jenkins ci ci/cd pipeline-yaml nginx apache linux ubuntu debian systemd cron crontab ssh scp rsync grep awk sed curl npm pnpm yarn pip conda venv cargo maven " +
    "gradle make cmake vim vscode vs-code intellij tmux wsl homebrew aws lambda s3 ec2 iam azure gcp vercel cloudflare prometheus grafana",
  codeNoun:
    "function functions method class interface struct enum variable array list dict dictionary map set string boolean loop for-loop while recursion recursive lambda " +
    "closure decorator iterator generator async await promise callback thread pointer reference generic generics type types annotation regexp api endpoint http json-parse " +
    "header request response middleware hook state props dom div flexbox grid stylesheet code snippet algorithm data-structure linked-list binary-search sort-algorithm " +
    "file-path stdin stdout argument parameter return constructor import export package module namespace función funktion fonction função funzione functie funkcj* fonksiyon функци* 函数 関数 함수 دالة फ़ंक्शन",
  fault:
    "error errors exception bug bugs crash crashes crashed crashing fails failing failed failure broken breaks stuck hang hangs hanging freezes leak leaks leaking " +
    "segfault undefined nullpointer* nullpointerexception traceback timeout timeouts times-out deadlocks slow slower wrong unexpected unexpectedly doesn't-work not-working isn't-working won't " +
    "doesn't stops stopped refused denied forbidden 404 500 502 503 403 401 oom killed panic nan flaky intermittent* sporadic* randomly sometimes missing blank empty duplicate* " +
    "stale mismatch corrupt* invalid cannot-find unresolved no-such can't-connect permission-denied fehler* absturz stürzt geht-nicht funktioniert-nicht erreur* plante marche-pas falla fallo " +
    "errores no-funciona erro erros não-funciona trava errore errori non-funziona fout* werkt-niet crasht błąd błęd* nie-działa hata* çalışmıyor çöküyor ошибк* не-работает падает 报错 错误 エラー 動かない 오류 에러 خطأ त्रुटि",
  symptom:
    "why-is why-does why-do debug debugging diagnose troubleshoot what's-wrong whats-wrong fix fixed reproduce repro stack-trace stacktrace logs log-says console-says " +
    "works-locally works-on on-my-machine only-in-production only-on in-prod after-upgrade after-upgrading since-upgrading after-update worked-before used-to-work no-error no-errors " +
    "same-code nothing-happens instead-of expected actual off-by got-this i-get getting gives-me says returns returned prints printed throws shows",
  documents:
    "readme documentation docs document-this docstring* javadoc jsdoc changelog release-notes comment comments tutorial user-guide manual how-to-guide adr rfc runbook wiki " +
    "onboarding faq glossary api-reference reference-page openapi swagger contributing.md contributing style-guide technical-writing white-paper spec specification acceptance-criteria " +
    "postmortem post-mortem incident-report design-doc template-for heading headings sections section page troubleshooting-article help-article man-page diagram-caption docblock mkdocs sphinx " +
    "documentación dokumentation doku dokumentier* documenter documente documentação documentazione documenteer documentatie dokumentacj* belge* dokümantasyon документаци* документ 文档 注释 ドキュメント 문서 توثيق दस्तावेज़",
  creative:
    "poem haiku limerick sonnet joke jokes pun puns riddle story bedtime short-story song lyrics rap slogan tagline toast birthday wedding valentine caption captions " +
    "names-for name-for nickname character dialogue roleplay scene fantasy villain plot novel-about rhyme rhymes gedicht witz geschichte poème blague histoire poema chiste cuento piada poesia barzelletta gedichtje mop wiersz żart şiir fıkra стих* шутк* 诗 笑话 俳句 시 농담 قصيدة कविता",
  household:
    "recipe recipes cook cooking bake baking oven boil boiled fry fridge freeze rice pasta chicken egg eggs cake bread soup sauce clean cleaning stain laundry wash " +
    "garden plant plants tomato* lawn dog cat puppy kitten baby toddler school homework birthday-party gift gifts present christmas holiday packing exercise yoga running sleep nap coffee tea " +
    "wine beer paint wall curtains sofa bike car tyre tire battery phone laptop wifi printer tv receta cocinar rezept kochen recette cuisiner receita ricetta recept przepis tarif рецепт",
  language:
    "word words sentence grammar comma apostrophe verb noun adjective tense english spanish french german italian portuguese dutch polish turkish russian arabic hindi " +
    "chinese japanese korean latin say-in idiom phrase accent alphabet vowel syllable* rhyming translate-to en-inglés auf-englisch en-anglais em-inglês in-inglese in-het-engels po-angielsku ingilizce по-английски 英语 英語 영어",
  messages:
    "email e-mail mail letter reply message sms text-message invitation invite thank-you apology complaint notice announcement meeting agenda minutes resignation reference-letter cv resume linkedin " +
    "bio profile speech post tweet newsletter flyer sign note card correo carta brief einladung courriel lettre carta convite lettera invito brief-aan wiadomość list-do e-posta mektup письмо 邮件 メール 이메일 رسالة ईमेल",
  place:
    "uk usa us eu england britain scotland germany france spain italy portugal netherlands poland turkey russia china japan korea india brazil canada australia " +
    "mexico london paris berlin madrid rome lisbon amsterdam warsaw istanbul moscow tokyo seoul delhi mumbai new-york california texas dubai ireland dublin austria vienna zurich switzerland sweden norway denmark " +
    "europe africa asia ukraine israel iran egypt argentina españa deutschland frankreich francia alemania italia brasil polska polsce türkiye",
  maker:
    "apple google microsoft amazon meta tesla nvidia openai anthropic samsung sony intel amd netflix spotify toyota bmw ikea iphone ipad macbook pixel galaxy windows macos chatgpt gpt gpt-5 claude gemini llama deepseek mistral playstation xbox nintendo switch " +
    "steam whatsapp instagram tiktok youtube twitter reddit spacex nasa uefa fifa who imf un nato",
} as const satisfies Readonly<Record<string, string>>;
