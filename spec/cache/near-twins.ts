/** Two questions that look alike. */
export type Twins = readonly [asked: string, known: string];

const pairsOf = (text: string): Twins[] =>
  text
    .trim()
    .split("\n")
    .map((line) => {
      const [asked = "", known = ""] = line.split(" || ");
      return [asked.trim(), known.trim()];
    });

/** Questions that ask for different things, by what sets them apart. None of them may ever share an answer. */
export const nearTwins: Readonly<Record<string, readonly Twins[]>> = {
  negation: pairsOf(`
Is it safe to eat raw eggs? || Is it not safe to eat raw eggs?
Why does Python have a GIL? || Why does Python not have a GIL?
Which mammals lay eggs? || Which mammals do not lay eggs?
Why should I use a VPN? || Why shouldn't I use a VPN?
How do I run a container with root privileges? || How do I run a container without root privileges?
What foods contain gluten? || What foods don't contain gluten?
Explain why the sky is blue || Explain why the sky is not blue
Which countries are in NATO? || Which countries are not in NATO?
What happens if I renew my passport? || What happens if I never renew my passport?
Can dogs eat chocolate? || Can't dogs eat chocolate?
How can I make the build fail on warnings? || How can I make the build not fail on warnings?
Is nobody allowed to enter the exclusion zone? || Is anybody allowed to enter the exclusion zone?
Which vitamins are soluble in water? || Which vitamins are insoluble in water?
Who can vote in Swiss elections? || Who cannot vote in Swiss elections?
Name a number that is divisible by three || Name a number that is not divisible by three
Which metals are magnetic? || Which metals are non-magnetic?
Why do cats hate water? || Why don't cats hate water?
Is there any reason to learn COBOL? || Is there no reason to learn COBOL?
`),
  numbers: pairsOf(`
What is 12 times 14? || What is 12 times 15?
How many feet are in 3 miles? || How many feet are in 5 miles?
Convert 100 USD to EUR || Convert 1000 USD to EUR
What is 15% of 80? || What is 80% of 15?
List 5 facts about penguins || List 10 facts about penguins
What is the square root of 144? || What is the square root of 1444?
Write a haiku in three lines || Write a haiku in four lines
What does HTTP status 403 mean? || What does HTTP status 404 mean?
What does HTTP status 502 mean? || What does HTTP status 504 mean?
What is the 7th prime number? || What is the 17th prime number?
Who was the second person on the moon? || Who was the third person on the moon?
Is 91 a prime number? || Is 97 a prime number?
What is 3.14 rounded down? || What is 31.4 rounded down?
What is -5 plus 3? || What is 5 plus 3?
How long does it take to boil one egg? || How long does it take to boil two eggs?
Solve x^2 = 16 || Solve x^3 = 16
What is the tenth amendment? || What is the eleventh amendment?
How many bits are in a dozen bytes? || How many bits are in two dozen bytes?
Summarize World War I || Summarize World War II
Who was Henry VIII? || Who was Henry VII?
What is 1,000 divided by 8? || What is 10,00 divided by 8?
What is half of ninety? || What is a third of ninety?
What is five factorial: 5!? || What is five factorial: 5?
`),
  units: pairsOf(`
How tall is a 6 foot person in centimeters? || How tall is a 6 foot person in inches?
Convert 20 celsius to fahrenheit || Convert 20 fahrenheit to celsius
How many ounces in 2 pounds? || How many grams in 2 pounds?
How far is 10 km in miles? || How far is 10 m in miles?
Is 5 mg of melatonin too much? || Is 5 g of melatonin too much?
How long is 300 seconds? || How long is 300 minutes?
What can I store in 512 MB of memory? || What can I store in 512 GB of memory?
How fast is 100 mph? || How fast is 100 km/h?
Is 100 Mb per second fast? || Is 100 MB per second fast?
Is 4 mA a dangerous current to touch? || Is 4 MA a dangerous current to touch?
How many days are in 3 weeks? || How many days are in 3 months?
How hot is 300 kelvin? || How hot is 300 degrees?
`),
  dates: pairsOf(`
Who won the world cup in 2014? || Who won the world cup in 2018?
What happened on July 4, 1776? || What happened on July 14, 1776?
What happened on 2001-09-11? || What happened on 2001-11-09?
Who was president of the USA in 1961? || Who was president of the USA in 1963?
What is the weather like in Lisbon in May? || What is the weather like in Lisbon in March?
Which shops open on Saturday in Germany? || Which shops open on Sunday in Germany?
What was fashion like in the 1920s? || What was fashion like in the 1970s?
What happened in the 5th century BC? || What happened in the 5th century AD?
What is the Roman calendar for January? || What is the Roman calendar for June?
Is the museum open at 10:00 by custom? || Is the museum open at 10:30 by custom?
Describe the economy of Spain in 1998 || Describe the economy of Spain in 1989
`),
  versions: pairsOf(`
What is new in Python 3.11? || What is new in Python 3.12?
How do I install Node 18 on Ubuntu? || How do I install Node 20 on Ubuntu?
What changed in HTTP/1.1? || What changed in HTTP/2?
Is TLS 1.2 still considered secure? || Is TLS 1.3 still considered secure?
How do I migrate to React v17? || How do I migrate to React v18?
Does Java 8 support records? || Does Java 18 support records?
What does IPv4 look like? || What does IPv6 look like?
Explain the features of C++11 || Explain the features of C++17
How large is the context of llama3.1:8b? || How large is the context of llama3.1:70b?
Is USB 2.0 compatible with this cable? || Is USB 3.0 compatible with this cable?
How do I use gpt-4 for summaries? || How do I use gpt-4o for summaries?
`),
  names: pairsOf(`
Who was Isaac Newton? || Who was Isaac Asimov?
What did Albert Einstein discover? || What did Alfred Einstein discover?
Who wrote Hamlet? || Who wrote Macbeth?
Tell me about George Bush || Tell me about Kate Bush
What is the plot of Alien? || What is the plot of Aliens?
Who plays Batman in the movie? || Who plays Robin in the movie?
Describe the painting style of Monet || Describe the painting style of Manet
What did Marie Curie win? || What did Pierre Curie win?
Who founded Apple? || Who founded Amazon?
What is the theory of Freud about? || What is the theory of Jung about?
When was Mozart born? || When was Beethoven born?
Who is the mother of Zeus? || Who is the mother of Hera?
What is the history of Ford? || What is the history of Fiat?
Who is John Adams? || Who is John Quincy Adams?
How old was Elizabeth I at her death? || How old was Elizabeth II at her death?
`),
  places: pairsOf(`
What is the capital of France? || What is the capital of Finland?
What is the capital of Austria? || What is the capital of Australia?
What is the population of Niger? || What is the population of Nigeria?
What language is spoken in Slovakia? || What language is spoken in Slovenia?
Which time zone is Paris, Texas in? || Which time zone is Paris, France in?
How do people greet each other in Iran? || How do people greet each other in Iraq?
What is the highest mountain in North America? || What is the highest mountain in South America?
What is the currency of North Korea? || What is the currency of South Korea?
How do I apply for a visa to China? || How do I apply for a visa to India?
What are typical dishes of northern Italy? || What are typical dishes of southern Italy?
Is Georgia a country? || Is Virginia a country?
How big is the Democratic Republic of the Congo? || How big is the Republic of the Congo?
Where is Cambridge, Massachusetts? || Where is Cambridge, England?
Who is the mayor of London, Ontario by law? || Who is the mayor of London by law?
`),
  opposites: pairsOf(`
Is port 6379 open by default? || Is port 6379 closed by default?
How do I enable the firewall? || How do I disable the firewall?
How do I lock a Word document? || How do I unlock a Word document?
How do I increase the heap size? || How do I decrease the heap size?
What are the advantages of nuclear power? || What are the disadvantages of nuclear power?
What are the pros of remote work? || What are the cons of remote work?
How do I encrypt a file with openssl? || How do I decrypt a file with openssl?
How do I install docker on debian? || How do I uninstall docker on debian?
What is the largest planet? || What is the smallest planet?
How do I sort a list in ascending order? || How do I sort a list in descending order?
Why are prices in an economy rising? || Why are prices in an economy falling?
What is the maximum of a sine wave? || What is the minimum of a sine wave?
How do I upload a file with curl? || How do I download a file with curl?
What is the upper bound of quicksort? || What is the lower bound of quicksort?
How do I add a user to a group in linux? || How do I remove a user from a group in linux?
What is the cheapest way to travel in Japan? || What is the most expensive way to travel in Japan?
How do I start the nginx service? || How do I stop the nginx service?
Is it legal to record a phone call? || Is it illegal to record a phone call?
What makes a reaction exothermic? || What makes a reaction endothermic?
How do I show hidden files? || How do I hide shown files?
What are symptoms of hyperglycemia? || What are symptoms of hypoglycemia?
How do I mount a disk in linux? || How do I unmount a disk in linux?
Why do people like spicy food? || Why do people dislike spicy food?
What is an internal style sheet? || What is an external style sheet?
How do synchronous calls work in python? || How do asynchronous calls work in python?
How do I turn the alarm on? || How do I turn the alarm off?
What do vegetarians eat for breakfast? || What do vegetarians eat for dinner?
Is a left join faster? || Is a right join faster?
Is the glass half full? || Is the glass half empty?
What is a wired network? || What is a wireless network?
What is a stateful firewall? || What is a stateless firewall?
What does the employer pay? || What does the employee pay?
What is the best movie of all time? || What is the worst movie of all time?
How do plants absorb light? || How do plants emit light?
`),
  direction: pairsOf(`
How do I fly from Paris to London? || How do I fly from London to Paris?
Translate cat from English to French || Translate cat from French to English
How do I convert JSON to YAML? || How do I convert YAML to JSON?
How do I migrate from MySQL to PostgreSQL? || How do I migrate from PostgreSQL to MySQL?
How do I copy a file from the host to the container? || How do I copy a file from the container to the host?
How do I cast a string to an int? || How do I cast an int to a string?
How long is the train ride from Rome to Milan? || How long is the train ride from Milan to Rome?
How do I switch from vim to emacs? || How do I switch from emacs to vim?
How do I merge main into my branch? || How do I merge my branch into main?
How do I send money from Canada to Mexico? || How do I send money from Mexico to Canada?
Convert binary to decimal step by step || Convert decimal to binary step by step
Is the train to Berlin late as a rule? || Is the train from Berlin late as a rule?
How do I drive into the city? || How do I drive out of the city?
`),
  roles: pairsOf(`
Why would a dog bite a man? || Why would a man bite a dog?
Did Brutus kill Caesar? || Did Caesar kill Brutus?
Does the earth orbit the sun? || Does the sun orbit the earth?
Is Python faster than Ruby? || Is Ruby faster than Python?
Can a teacher sue a student? || Can a student sue a teacher?
Who did Germany invade in the war? || Who did invade Germany in the war?
What should I buy before selling? || What should I sell before buying?
Does smoking cause stress? || Does stress cause smoking?
Do sharks eat seals? || Do seals eat sharks?
Is every square a rectangle? || Is every rectangle a square?
What can parents learn from children? || What can children learn from parents?
How does inflation affect unemployment? || How does unemployment affect inflation?
How do hosts pay guests? || How do guests pay hosts?
Subtract seven from nine || Subtract nine from seven
What is the brother of the husband called? || What is the husband of the brother called?
`),
  comparatives: pairsOf(`
Which planet is bigger, Mars or Venus? || Which planet is smaller, Mars or Venus?
Which is faster, TCP or UDP? || Which is slower, TCP or UDP?
What is more nutritious, rice or bread? || What is less nutritious, rice or bread?
Who has the most Grammy awards? || Who has the fewest Grammy awards?
Is gold heavier than lead? || Is gold lighter than lead?
What is a good way to learn Spanish? || What is the best way to learn Spanish?
What is a big city in Brazil? || What is the biggest city in Brazil?
Which metals are harder than steel? || Which metals are as hard as steel?
What costs at least ten dollars? || What costs at most ten dollars?
Is it better to rent or to buy a house? || Is it worse to rent or to buy a house?
What is a high fever? || What is a higher fever?
`),
  quantifiers: pairsOf(`
Are all birds able to fly? || Are some birds able to fly?
Do all cats have tails? || Do most cats have tails?
Does every prime have a successor? || Does any prime have a successor?
Are there few lakes in Finland? || Are there a few lakes in Finland?
Do I always need a passport in Europe? || Do I sometimes need a passport in Europe?
Can both parents take leave? || Can either parent take leave?
Do many people speak Welsh? || Do several people speak Welsh?
Which files are only readable by root? || Which files are also readable by root?
Is it just a cold? || Is it almost a cold?
Should I water a cactus often? || Should I water a cactus rarely?
List each step of photosynthesis || List one step of photosynthesis
What is the first step of mitosis? || What is the last step of mitosis?
Who usually attends a christening? || Who never attends a christening?
`),
  "before and after": pairsOf(`
What should I eat before a run? || What should I eat after a run?
What comes before the letter K? || What comes after the letter K?
Who ruled Russia before Stalin? || Who ruled Russia after Stalin?
What can I drink during a fast? || What can I drink after a fast?
What has happened since the fall of Rome? || What has happened until the fall of Rome?
Why does it thunder while it rains? || Why does it thunder when it rains?
What lies above the thyroid gland? || What lies below the thyroid gland?
What is under the Antarctic ice? || What is on the Antarctic ice?
`),
  modality: pairsOf(`
Can I use a phone on a plane? || Must I use a phone on a plane?
Should I refinance a mortgage? || Can I refinance a mortgage?
Must employers offer insurance? || Should employers offer insurance?
Could humans live on Mars? || Do humans live on Mars?
Will robots replace teachers? || Should robots replace teachers?
Do landlords have to allow pets? || Do landlords want to allow pets?
May a minor sign a contract? || Must a minor sign a contract?
Is the king of Spain elected? || Was the king of Spain elected?
Does lightning strike twice? || Did lightning strike twice?
Who is the author of Dune? || Who was the author of Dune?
Would you describe Python as functional? || Describe Python as functional
`),
  "question words": pairsOf(`
When was the Eiffel Tower built? || Where was the Eiffel Tower built?
Why do volcanoes erupt? || When do volcanoes erupt?
Who discovered penicillin? || How was penicillin discovered?
How do I learn to swim? || Why do I learn to swim?
How many moons does Mars have? || Which moons does Mars have?
How far is the moon? || How old is the moon?
How much does a blue whale eat? || How often does a blue whale eat?
What is a monad? || Why is a monad?
Who is a monarch? || What is a monarch?
How long is the Nile? || How wide is the Nile?
Whose theory explains gravity? || Which theory explains gravity?
How tall was Napoleon? || How old was Napoleon?
`),
  literals: pairsOf(`
What does the option --max-cost do? || What does the option --max-heads do?
What does ls -l print? || What does ls -a print?
What does git reset --hard do? || What does git reset --soft do?
How do I edit /etc/hosts on linux? || How do I edit /etc/passwd on linux?
What is at https://example.com/a in the spec? || What is at https://example.com/b in the spec?
What does \`a = b\` mean in C? || What does \`a == b\` mean in C?
How do I write "hello" in Morse code? || How do I write "hallo" in Morse code?
What is the difference between == and ===? || What is the difference between = and ==?
What does * do in a regular expression? || What does + do in a regular expression?
How do I open a .doc file? || How do I open a .docx file?
What does fs.readFile do? || What does fs.readFileSync do?
What does the exit code $? show? || What does the variable $! show?
What does \`len(x)\` return? || What does \`len(X)\` return?
Explain the regex \`^a+$\` || Explain the regex \`^a*$\`
Who owns admin@example.com by convention? || Who owns root@example.com by convention?
How do I call get_user in the sdk? || How do I call get_users in the sdk?
What does chmod 644 do? || What does chmod 755 do?
How do I translate "on time" to Spanish? || How do I translate "in time" to Spanish?
How do I print("a  b") in python? || How do I print("a b") in python?
What is 5 * 3 + 2? || What is 5 + 3 * 2?
What is C:\\Windows\\System32 for? || What is C:\\Windows\\SysWOW64 for?
What does x² mean? || What does x2 mean?
`),
  technology: pairsOf(`
How do I reverse a string in Java? || How do I reverse a string in JavaScript?
How do I parse JSON in Go? || How do I parse JSON in Rust?
What is a class in C#? || What is a class in C++?
What is the syntax of C? || What is the syntax of C#?
How do I create a component in React? || How do I create a component in Vue?
How do I deploy to AWS? || How do I deploy to GCP?
How do I use sets in redis? || How do I use sets in memcached?
How do I restart apache? || How do I restart nginx?
How do I write a loop in bash? || How do I write a loop in fish?
How do I center a div with flexbox? || How do I center a div with grid?
Is Linux based on Unix? || Is Windows based on Unix?
How do I take a screenshot on a Mac? || How do I take a screenshot on a PC?
What is the default port of PostgreSQL? || What is the default port of MySQL?
How do I read a csv with pandas? || How do I read a csv with polars?
How do I write a GET handler in express? || How do I write a PUT handler in express?
What is TCP used for? || What is UDP used for?
`),
  letters: pairsOf(`
Translate to French: how are you? Thank you || Translate to French: how are you?
Translate to German: sit down, please || Translate to German: sit down
Translate to Spanish: you are there? || Translate to Spanish: you are there.
Rewrite without contractions: I can't go || Rewrite without contractions: I cannot go
Correct this: what is the capital of France || Correct this: what is capital of France
Is the sentence "I like Paris" fine? || Is the sentence "I like paris" fine?
How many letters are in the word don't? || How many letters are in the word do not?
How many words are in: Write a poem || How many words are in: Write poem
What is this called ? || What is this called !
What does the sign ? mean || What does the sign ! mean
What is the name of the symbol ? || What is the name of the symbol .
What does the text say:\tplease wait || What does the text say:\twait
How polite is it to say: please explain || How polite is it to say: explain
Is it what's or what is? || Is it what is or what's?
`),
  "one letter": pairsOf(`
What is a desert? || What is a dessert?
What is the principal of a school? || What is the principle of a school?
How does a lesion heal? || How does a legion heal?
What is a prophesy? || What is a prophecy?
What does effect mean? || What does affect mean?
Where can I find a stationary shop? || Where can I find a stationery shop?
What is a carat? || What is a carrot?
What is the moral of the troops? || What is the morale of the troops?
What is immigration? || What is emigration?
What is astronomy about? || What is astrology about?
What is an ion? || What is an iron?
How do I treat a burn? || How do I treat a bun?
What is entomology? || What is etymology?
What does cite mean? || What does site mean?
How does a bee sting? || How does a beet sting?
What is the use of resume? || What is the use of résumé?
`),
  meaning: pairsOf(`
What is the Matrix about? || What is a matrix about?
What is the best python for beginners? || What is the best Python for beginners?
How do I polish furniture the right way? || How do I make Polish furniture the right way?
When is a good time to visit Turkey? || When is a good time to visit turkey?
What does the WHO do? || What does the who do?
Can you tell us about visas? || Can you tell US about visas?
What is the story of Rust? || What is the story of rust?
How does it help? || How does IT help?
What is closure? || What is a closure?
How do I get to the front of the bus? || How do I get in front of the bus?
Who stands in front of the car? || Who stands in the front of the car?
How do you say please in French? || How do you say thank you in French?
What is the French word for please || What is the French word for thank you
How do you say, please || How do you say
What are wild animals? || What are animals?
How do I treat a child's fever? || How do I treat a fever?
Let's eat, grandma: what does it mean? || Let's eat grandma: what does it mean?
What is the mass of the sun? || What is a mass in the sun?
What is a bass guitar? || What is a bass?
How do I book a room? || How do I room a book?
What is a mean value? || What do you mean by value?
What happened to him? || What happened to her?
What is her main work? || What is his main work?
What do they eat? || What do we eat?
How do I kill a process? || How do I process a kill?
Write a poem about love || Write an essay about love
Write a short story about dragons || Write a long story about dragons
Explain gravity to a child || Explain gravity to a physicist
Explain recursion in one sentence || Explain recursion in one paragraph
Answer in English: what is rain? || Answer in German: what is rain?
Summarize the plot of Dune || Summarize the plot of Dune Messiah
Can I take ibuprofen with alcohol? || Can I take paracetamol with alcohol?
Can adults take aspirin? || Can children take aspirin?
What is the boiling point of ethanol? || What is the boiling point of methanol?
What is the atomic number of silver? || What is the atomic number of silicon?
`),
};

/** Questions that ask for the same, most of them in ways the guard is sure of. */
export const paraphrases: readonly Twins[] = pairsOf(`
What is the capital of France? || what is the capital of france
What is the capital of France? || What's the capital of France?
What is the capital of France? || Please, what is the capital of France?
What is the capital of France? || Hi, what is the capital of France?
What is the capital of France? || What is capital of France?
What is the capital of France? || Can you please tell me, what is the capital of France?
Explain quantum entanglement || Please explain quantum entanglement.
Explain quantum entanglement || Can you explain quantum entanglement?
Explain quantum entanglement || Could you please explain quantum entanglement?
Explain quantum entanglement || explain quantum entanglement, please
Explain quantum entanglement || Hello! Please explain quantum entanglement
Explain quantum entanglement || Explain quantum entanglement. Thanks!
Explain quantum entanglement || Explain quantum entanglement. Thank you very much.
How do I reset a router? || how do i reset a router?
How do I reset a router? || How do I reset a router
How do I reset a router? || Hey, how do I reset a router?
How do I reset a router? || Tell me how do I reset a router?
Write a function that adds two numbers || Write function that adds two numbers
Write a function that adds two numbers || Please write a function that adds two numbers.
Write a function that adds two numbers || Could you please write a function that adds two numbers?
Who wrote War and Peace? || Who wrote War and Peace
Who wrote Don Quixote? || who wrote Don Quixote?
Why is the sky blue? || why is the sky blue?
Why is the sky blue? || Why's the sky blue?
Why is the sky blue? || I want to know why is the sky blue
Why isn't Pluto a planet? || Why is not Pluto a planet?
What does HTTP 404 mean? || What does http 404 mean?
What is DNS used for? || What is dns used for?
When did Germany reunify? || when did germany reunify
Where's the Sahara? || Where is the Sahara?
What is “dark matter” made of? || What is "dark matter" made of?
Don't dogs see colors? || Do not dogs see colors?
I can't install docker. Why is it failing? || I cannot install Docker. Why is it failing
How can't it work? || How can not it work?
What are the rules of chess? || What are rules of chess?
Describe the difference between RAM and ROM || Describe difference between RAM and ROM
Find the area of a circle with radius 3 || Find area of a circle with radius 3
Is Monday a working day in Japan? || is monday a working day in japan
List the planets. || List the planets
Name three rivers in Spain || please name three rivers in Spain
Compare SQL and NoSQL || Please compare SQL and NoSQL.
How does photosynthesis work? || How does photosynthesis work??
How does photosynthesis work? || How does photosynthesis work?!
How does photosynthesis work? || Kindly how does photosynthesis work?
Summarize the French Revolution || summarize the French Revolution
What is an API? || what is an api?
What is Kubernetes? || what is kubernetes
How do I use JavaScript promises? || how do I use javascript promises?
How can I learn PostgreSQL? || how can I learn postgresql
How do I reset a router? || What is the way to reset a router?
How do I boil an egg? || How should an egg be boiled?
Who invented the telephone? || Who was the inventor of the telephone?
What causes earthquakes? || What is the cause of earthquakes?
How does a fridge work? || How does a refrigerator work?
Explain what a monad is || What is a monad?
How to delete a file in linux? || How do I remove a file in linux?
How big is the sun? || What is the size of the sun?
What is the best way to learn the guitar? || How do I best learn the guitar?
How do I fix a flat tire? || How do I repair a flat tire?
What is the meaning of irony? || What does irony mean?
How do I build a website? || How do I create a website?
Give an example of a metaphor || Give me an example of a metaphor
What is photosynthesis? || Explain photosynthesis
`);
