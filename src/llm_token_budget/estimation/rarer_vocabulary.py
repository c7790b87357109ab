"""Words that both of OpenAI's newer tokenizers keep whole, and that are less frequent than those in `vocabulary`.

In merge order of o200k, which goes on where `vocabulary.WORDS` ends (MIT licence): https://github.com/openai/tiktoken.
"""

# ruff: noqa: RUF001

from __future__ import annotations

RARER_WORDS = """
pricing rede organized requirement alum sondern judge sigu scholar primeiro bereits flavor bags presente mile moist
dental paths boss suggests flood recycl müssen concerning blow première laser closing officers fits ultimate
equivalent outro alarm breast overs expenses spel principles processed produits instances clicking deploy mortgage
cliente cheese fert necessarily conten zwischen explan lesson lady lava east gallery disposit agua legisl ersten
avez inch closely instal fprintf electron privile meter landscape stabil transportation enables mineral libr anymore
barr sólo undert navigate directed extreme rund staying legis illness batt capabilities alguns dreams concepts alive
lucky rotation agora victory usuario illegal homem heading stake cerca consumption opposite plug hoje involves
potentially compute minim linear commands outras communicate modules heav incredibly decent accessories dieses addr
javafx fluid estava gore chunk borrow advantages strategic semi lieu slee generator regardless dimensions animated
tutorial translation nights architecture notify increment warn fishing rural insight attach opens surve encoding
sollte sync infect finger embr pulled prze anterior narrow présent existence chap proposal repeated producing muchos
optimal exports zoom votes parl informatie outcome editing exposed filed seller aval proceso rice processo breaking
exterior counsel aunque leer accomplish ware allerg dese blogs grinding prendre developer barn maps spark nueva
certified sexo erot communications causing founded promotion threshold dados stuck satisfaction penal effet estable
popul respectively fais lies punto infection hosp producer tact somewhat resultados sustainable réal bowl letz
diagnostic sensitive gall bonne quanto spoke impression permite personality atrav revel tons cabe dazu avons proxy
mend sauce obviously restore desktop denn nouvelle orden utilize estimate mold identifier bearing convenience elkaar
memories pounds enjoying expansion evil puzz elegant fiction acts historic assignment talks richt lifetime suddenly
yours mattress applying soph rounded restrictions enfants công kart compatible profiles outcomes heads printing
pairs utils difficulty oven managers prohib naturally timestamp prost parece peer nullable utility integration cord
redes precio struggle broker ownership telefon pasado vere recib indicates spre workshop argv crush cosas arrival
falta brush sunt nosso covering distrib junto translate diseases cres från afraid treatments frag directions derived
zurück propor fiscal ling screens drinking isset packaging algunos respective toggle slide recherche ging langs
drama explos seats injuries oral ratings comprar reducing bene exceptional wereld macht humor laugh everywhere pole
bunch suffering abort subt electricity increasingly effic servicio careful ultimately acquire dirig política además
saat acting mereka surf dagen dial franch mood ignored víde forgot rely nécess coordin helper gorgeous fixture
embargo exhaust drawn revolution fare aggress buiten sentido watched ofere blend combin inté blind wins carrying
complicated mettre mitt opts nossa buyers streets vertex committee references interactive representing mysql driven
exec dual neuen heating kommt explains suppliers okay logged doctors configur seks coup phones offices ocean backup
dealer stayed libre swap trusted findings recuper horizontal sect frames mate transf último spots pouco entert oppon
pocket joining wireless contacts retain trois twenty intellect incorrect destin weil supplier entering lean
unexpected fotos admit coronavirus primeira handles ativ aside dost talked charset peak calc scenario stages
calculated engaged approaches falls années duas overwhel authentic dijo accommodation yoga gross gentle elabor
duplic facile gele podemos willen hvor essays troub flower coord listings wondering reven dolor alto decrease
receiver noss recursos mise cómo heute leaf isinstance pixel oleh organisation configure greatly olduğ tired sama
shots cargo preced residence lief allen outer vezes claimed tekn recognition initially möglich improv liber
traveling dele alias além victim centers envi brilliant atual facebook provinc bedrooms stations involving lawyer
inject hors leuk brit synd bastante tonight weapons mientras buen additionally speaker kein cabin swimming alongside
servers defect constitu falling confront invite strange orange herr surprising hast believes comport verschied
simples zoek transformation invited proport stup salud papel stub entities caut personne disappe lake mejores gleich
literally unus exemple pace orang demo conclusion mieux neither texto evento passage aver fecha viewing cref curso
ensuring enthusi bass sout studied evolution aquí mest tranqu meets veces bord femin porte enqu seiner caps bull
keyword fotograf incent preferences writes reveal posible nick verdade wirk measured crypto brasile robust rapidly
wrapper trash maintaining hacia lands música medication tale packed rising medi holidays destac propag certification
venue merely millones hint vraiment alleged pleasant introduce participation yards agenda livre loving focuses hart
understood supplied causa parallel trata tied erre healing abund attended contribution mari demande nuestros tarde
describes reste vess tweet broke thousand chest accordance mint meine ought unserer pride indicated frequent
producto jorn bills weapon infer deleg ceux maintained merch reserve portal insights sécur drinks plat stronger bron
fraud diesen calm travers representative peso decimal computers awarded banyak neutral cogn mechanism chef harder
pref zusammen specify retirement municipal synth artificial climb newsletter curs hoof numero wanting knock volunt
beneficial scenes deber smoke jako begr parce lens flights awards beds graphic stellen mature photography gate
eskorte phrase países spir einmal nest pouvoir arom strongly scored midd eggs tissue arte demands amenities
universities jeden oficial simult sharp unlock typename cuid pend fruits depression sicher amigos pequ precision
selv thrown attitude estamos entrance represented rated komb legislation muchas servicios scientists gotten bild
mars studying menjadi gost sched stap laid ache telephone sees damaged tape forme questo ense mixture piano colleges
perí promin trailer earnings inhib composition experiencia purchases boards templates blir stood vita nursing selon
prescription behalf density pets europe phenomen loyal analys shirt curve mongoose ambiente trips dette confirmation
ihren cuisine clubs measurement jenter preparing giant fost tick kami verr besoin proyecto steht satu faculty passer
emple confort quit pelos powers largely attempts concentration hack employed enhancement onclick convey intense bean
belle everybody compensation cycl transparent plata strike acordo stability deriv focusing gained paragraph stom
kommun celui integrity genuine lambda performances preview hosted tooth tako recept kommen fakt underlying loud após
inher seeds aims développ classroom periods permitted coordinates acquired resident pizza pregnancy sala mange centr
franc defend pending continuous dernier discounts reviewed controvers coupon seper internacional flying mirror cardi
hopes examine expanded condu ejemplo produtos demonstrate buyer stocks interpre femme drei nose próximo themes
discre seasons romantic personn intention pint jedoch banc engines petite applies produces souvent según obten immun
haber desper engaging accounting cotton puedes ihrer aircraft haut shoulder abilities cement latter weren browse
bucket divided compañ signing ebook conscious sabe seguridad crian temperatures elseif juego disput ladies belt
highlights bibli fails três detected converted instruct grace recl bitcoin odds terrible detection compliment mano
terse consequences europ allem flour através paras locale vintage answered filling targeted weights kullan moon curl
regards sanit birds overview cooper pilot saya informações army klass delivering removing conventional cinco
propriet tournament marc mistake dismiss futuro apparently busca overflow hoch followers mujeres projeto wichtig
gros choix desarrollo erfol losses gonna basketball klein cancell employer cuer protagon universe improvements
relating misma involve schnell contracts childhood globe diagnosis estaba thinks bietet então jeder claro weird
whilst delegate clone acab portable remained parad downtown gerne wirklich mism cats luego passionate trick hari
smell hann entrada victims emotions printer deste fiber visitor ello hosts diversity acres cosa newspaper activation
casi tens económ coins chronic catal coaching viewed counts arrested golden placement locate volta waves safely sint
terra voll signals riding instantly interviews measurements maxim possível museum realmente sought cryptoc
subsequent radical pense lazy repet distribute pessoa andre metrics surge flip subscribe scratch initiative fulfill
flexibility proto cameras spray deeper champion passes kako spell fade assistant displays essentially enfer besten
substr loads examination disfr bulk threads divid ultra faced dishes afect equally contributions argc bara verified
quiz última classe utilizing libro promo ambient mistakes designers appet dign discussions expense corps exemplo
killing encouraged stamp eval nations personalized evitar ultr cere deeply pipeline sprintf buena visits produit
connecting colleagues newest shapes exploring bajo milit thai importantes vriend inclusive declared tersebut analyst
merg groupe symbols cuts meters investing revers conclus prize mechanical experiencing distingu processor singer
orientation skilled llevar toll qualidade promoting hàng western début handled facilit fifth credentials gestion
würde cater breaks behaviour screening interrupt soir spacious stylish suspect bands locked somebody vuel ener
enumerate electro soup racing toen sehen equals endpoint finest dort declare aseg dependent investments compra
kontakt speakers valores welche decoration niños dtype vont keywords reaching tinha celebration christ solely
struggling drain territor modification shipped vamos smoking episodes nella adopted thesis operators roots ries
injured hiring attending juice intim essere steam stops stark crack kale wider jogo droit couples pregnant universal
communic rubber inser donne ensures sais checkout cultura seinen myth roads système spielen objectives swing muscles
velocity mooie appreciated hearts likewise pointed artikel waters integral chron anniversary planta sujet toilet
guides forg história visa survive penis grateful burning eben floors supplements vitamin españ desta credits pues
expr edited incon tard bounds benefici loose estimates impr brut llev philosophy constructed bele emotion nast
println mong landing carte spar particles slice prez medida pais romance único wise obtaining ceremony neste exig
reception zaman nutrition tear apple indices coordinate acknowled lamp environments vegetables nichts instruments
holes etter admission ingen deadline divert algumas français afirm terrain discovery café loader authentication
diplom général hanging famille enforcement surtout impressed respir calories kostenlos sleeping últimos tries
alignment unusual rolling province analyze principle explanation prayer página fueron folk données veloc oraz thro
helt refriger grave fals ranking worried liegt surfaces whereas samo workout ordinary dedic virtually cambio frem
snapshot plugins sonra happiness versus opposed sebagai hover certains scanner headed tomar salv exercises formats
heaven acuerdo enjoyable plast conseguir exclusively retour interactions fewer irrit estilo pause consolid endif
excit indoor sudah talented worship founder strlen monet iterator refers tire seal authorized washing drives
officially uuid executed substance consultation enhanced sociales rewards picking panels baseball ping camping cyber
recipient cheg recall ward wilt southern trouve zwar gracias equity surely ordering simulation stainless sock
incluso telah excell elected partido outra releases fantasy veteran conocer amongst precisa corpo jede destroyed
sorts profess wenig somehow retrieve constraints possibilities vendor asks anchor pixels kole cabinet liability
parsed während mild disorder digest bases meth agreements creativity pushed arbitr crop closest chips dispar orphan
participating rival hydro suffered raising dific annoy sung entend toys wooden forte trag patio encode línea näch
pisc survival tuple letting attrs campaigns investigate matched infant divorce troubles experimental cantidad bied
eliminate popularity nosotros utilizar consistently cone median canal suck menor alternatives seis tart serr
partition çalış femmes publishing reads cheaper représ announce geben freel juste employers sentir ranging klar
grâce conversations lung depos wand observe selecting denne wollen visto duties capability council neighbors résult
provision saúde announcement emphas banking precise fase eins norske gens quad wheels advise liste exempl ende coinc
empower einige hombre volunteers demonstrated jewelry colours situated kiss sess cand repo notamment avis compete
pepper celle slim keen grades tension spectrum overcome wrapped samt erhalten seam emoc breed stomach coisa bers
inflamm absence immune ignor accompany timing probe bullet audit mell entitled precious cerr franchise filtered
rotate lecture royal indicator inspection combo sommes operated shed dirty decode photographs imports modes offre
networking seulement emerging intelligent spare fung runtime proporcion aged aimed queries qualify anger verbose
vara appliances remarkable société terre procur disponible rescue dafür decline delivers intervention rarely arriv
decid natürlich aujourd anál beet hemos pobl typedef bell downloaded comercial rang aprend gray produto ranked hill
paste regulatory trials vielen attachment drops período worn ther experi timely nije gibi stir regulation sécurité
vivo courage largo donner difícil fingers actors constr occasions lease confer metabol mountains outline diss
publisher engineers relação buscar seguro ethn minds workplace sacr dever transmit overse élect diameter weigh
financing venta mins tipos captured proved grey dinero mediante tours abroad konnte acquisition cadre invention
frozen wisdom dialogue ajust dispose balls regime initiatives genetic entertaining carrier toxic départ appointed
elementos shit karena opposition outputs ceiling recomend aprove motivation rapp superb farmers voltage associate
temporada sangat carpet cuerpo profits seperti spins amend identical seria bacteria busc exhibition beiden fastest
tong tablets conjunto resulted balanced hybrid vaccine intellectual produkt distint encuentra assault serviços
descon tenemos discipl situación relación fired probable baking foam elsewhere année tiles uniqu colabor aura nota
litt appart bother bund gute cerc administrative seul provoc belongs cannabis salon ensemble hopefully pygame advers
thành verse fora productivity heavily hanya wäre significa cade carro automated lite blev bureau varios ghost
sociale actividades analytics santé geometry tren operational repairs tung algunas developments handy paso fallen
stehen nesta breat singing placing ranges entrepreneur creator customized restrict synchronized legacy
identification imagen contrat hence anak nombreux persist gehen meaningful sheets abril maker curriculum insan aest
habits auction courts assez vídeo kannst emissions façon accused deserve quoi thoroughly secrets northern walks
restart alguna governments fatal tourist offline chrom chois crist genau brothers letzten preserve habil côté
archive chemicals addressed crear mein comedy mesma inaug constitution tender béné invit tennis charm ships curious
locally marketplace bard suited bust deaths magnetic surrounded utilized tensor réalis fabulous sectors fascinating
specialized astr cous televis segments nervous elder rush impacts muse fraction importantly prints affects
dysfunction denen aluminum denied registry vine disability movements naken cancellation arrow twitter pray
submission painted pasta skulle reflex dimin spam particle insect koje nama stupid slides organisations disorders
completo horror obras volunteer kennen separated bonuses inev przez lider resolved agosto informations approx
soldiers norsk gathered masa pursue enemies fuera gerade apost prospects corn espacio wishes medidas compét
acceptable coat actu chairs sculpt pasar membr harvest teng declaration grounds êtes jeune libraries zones statt
propri volatile erect compress babies responded unlimited intro typing homework prominent toast kepada hospitals
makeup workshops scar startup efficiently crimes offensive charging pagina wohl advised industri vain slip besser
bite soccer violent trap extraordinary diversos cultiv marché gathering governo favorites heures relaxing responsive
versatile inspire cooling oldest tutti hizo pressed formas vendors computing pushing venture generations outs atom
visibility fins oxygen unlike fich manually plais portrait admitted actively llegar spokes companion semaine
overnight vulnerable disaster livro grund plut verification lekker filme única extensions dummy forums coeff damer
économ dirt updating diferente lightweight genes hass sagt considerable judgment pena consid medications prol macro
indu arrangements voting charity dessa settlement mystery descriptor branches finishing intensity appel powered bile
cumpl reservation optimization adequate revert cultures antib penalty perder winners indicating navbar cree arena
structural crate promises admissions maks attempting collective roulette knee anytime clicked hitting sevent
composed weitere comenz endless evaluated expres mulheres narrative sofa pensar tengo anth aspir portions sext
copper guilty caring pública ingredient consume participant beautifully reveals september thumb scal probability
deport trava tremend publications collision navig effectiveness raison epoch recommendation bieten prolong euch
manière boundary seront près thermal stan atención endorse unas ports nord elections hunting legitimate scalar
imagin principalmente cuatro répond predictions detal recip struck gouver áreas completing sized browsing puntos
naam metric tahun enquanto vibrant compiled vocal rings accommodate jazz który nearest grupos specialists erste
races tower neuro stays competitors rocks anybody usuarios containers blocked ubic grain appare både theater
controle ausge athletes cruise conect obtener läng attractions dado moderne voters outfit variations sitio harus
discipline liberal receives logs slic refuge specifications definitions sogar szer artwork experiments physics
satisfy darauf voyage shortly projekt expanding innoc conte entra développement över funct hardly scala brick
spectacular departments fantast texts territory grip kadar shade prediction pale viewers designing preference
problème batteries retir gains threats boiler salle orth kata lasting ties boundaries voted potent audi opacity
progressive kijken nave resto gobierno immigr rode dramatic establishment maintenant straightforward viene serait
scoring unders einz geral disappointed nobody stmt emphasis które physically administer wellness barely thuis
championship dank requis memiliki actress anni etwa bert enroll anime patent concl expecting floating exped roku
komple uncert explo transferred relativ horses variation physician sons prostit rencontre liver ceil suppose nood
responsibilities confused parks mostrar predicted edad difficulties différents noche poverty prospect moisture homme
reconoc april juegos boots möchte plein cooperation psychological bail juni lemon serviço crystal spoken gemeins
representatives radiation comer roughly aumento elles politique gemacht invoice angry avatar invoke diamond roller
lobby squad beide flor partes vars indirect dear amet plates operates beans sollten adoption películ contractor
landsc besonders conqu prevention succes arranged sophisticated arrange monster cient facilitate theoret bets forsk
excitement cure pist visita manufactured caract desp assured quelque unlikely suppress protecting alike diseño
aggressive varied rejected activate restricted epic tête disag especialmente beliefs licenses siguiente differently
infections neur estad browsers nail junk addiction inflater voices flux settle fica entonces dela piss logical
apparent recre dalla laundry biological uploaded honey stopping disponibles seinem molecular consulting priced
excessive começ preval pics beam ferm inspect condi nicely vera strain unseren satellite secara eigenen jacket
laboratory scatter tand retired schw fork moderate donation lawn cush compound hunt generating sprite receipt
provisions grants enabling roman haya verde implementing garbage accred generous forex proportion ayuda könnte
preocup engineer ponto mounted objeto pemb informative appetite choses ofrece submitting diversas precisely infra
lips outlet intend tamp lässt caller synthetic flooring aire entrar relaxed oils domic verst combust trainer intake
limitation diagram aplik principales wherever argue entrev knowledgeable líder blame région tears metros funktion
rentals iconic escal picks banner declarations verte suits cols calor promised identifying lagi practition stav
journée mare tackle fract menn shorter fres surgical silence overwhelming akka mening burst crushers siendo
mechanisms punch heap lyrics contempl passengers accomplished burg contributed hans parti dece observation necesario
inicial facial celebrated automation ferr cabo banda bona pontos classified lookup prospective tempt sealed balcon
solving pharmac yeah compassion productive realidad proteins november damages steady entender interv comic offense
pollution prend vrouw cialis dejar scholarship lawyers puzzle davon outdoors beloved magical occasionally longest
conditioning devant finns equipe defines aproxim gluc dinheiro mayoría meilleur cinema disclaimer achievement neat
patron chan relat advertis complaints complexity hypoth possession vacuum desert shine notifications defaults
totalmente circular domingo cleaned thirty confidential accent indent soap clinic espaço reliability reload
realistic modifier nuevos destruction assumed perc incorporate parcel avent silent settled deemed características
nurse rounds separately retailers unsafe chauff finale consumo tienes incoming temas english flush autonom momentos
sorte digits piel heritage harmon configured kend divis speaks peaceful entrega reporter editorial mostr hinter
photographer optical baik cooked hired replica sketch teil verdad purple guerra moto intelig populations supporters
mesa ethnic enorme lanç eager richtig sequ pension completa aggregate ocas bois suspension nouvelles ramp lavor
explode schö friendship trucks irre ding volumes accompanied varias youtube penetr impres migrations exploration
nuts feeding numa adap blanc melhores lying chim mesure blockchain junior males reactions acompanh petits poetry
dancing saison albums patience sits promotions contar bland tabs unused august tune producers mash excelente mush
shouldn tricks encouraging restriction constants podría niche novembre elite adjusted salad cheer simultaneously
stil refused collapse twist mots independently jail villa fitted barrier vertices assure devast contamin
cryptocurrency substitute marijuana chemistry attempted ministry actividad suggestion ecosystem acceso eslint
customize confusion secured dozen harmful outr divide chol closure opponent intuit imagination capacidad booked
begun trom transformed jeux dici reduces installing charts salah memorable visite lent shelter blogging bash spawn
prac makers tenant marque cups leak repar embedded schön inne vite sagen defensive tekst titre beef temple
involvement ipsum invers alien weakness bookmark grill contributors modifications arrays backend sistemas excellence
determining lucr porta degli thickness rolled sábado souha findet ears mama relate dash realm tires geom godt hommes
comparable knife malloc pants acceptance mixing descr dare watches humano fitting stones empez worlds brace coaches
implant jeunes lovers angular fines strictly bottles kwargs waist enjoys gilt publicly guns conservation enormous
destinations gusta defeat alimentos unserem sake passenger examined closet carries firebase acesso beberapa adjacent
infr viral valve saja mundial analog earning meiner denomin observations convin nour harmony vente energia shar
renamed graf sentiment prosper drove toss dokument machinery exceptions burden bugs woll consultant runner treating
popup destruct pourquoi designated shoe streams cleanup compt requiring painful bitmap queda pagar centuries parfait
lately espect interpretation pione countless myster furnished snack contacted inbox easiest fancy lorsque inflation
marine graduated combines figured convention beneath backed boring aprender autour warehouse phrases kaufen
responsable ocup producción dock carp derecho scripts cached interven juin corners matplotlib deben ihrem couch
dernière obsc lingu honestly motivo hood statistical herramient norge scanf quis modelos artistic exclude suspend
amigo classification conservative disturb separation condiciones polar pedido pourrait applicants assort serão
slider kunne programma arrives neighbour halt readily breathing samp subtle obligation adventures transporte
injection senza hanno priorit ensuite dara sensors presidential pile beaches dropdown qualities nuevas reflection
registro overseas swim loro lover linha deliber merchandise mutual deployment péri máximo towns artículo apartments
replacing delighted coupons respuesta american discussing jeans sandwich resolver decreased apolog unset anonymous
wiki quadr diesel komm determination lane horn collecting semester plutôt motivated mandatory masks crown altura
programmes achieving prep flavors tropical organize hasn temperatura glasses charming tomb descriptions entwick
journalist strive icons panor shaped panic gram girlfriend persone pickup gardens bola bend stret mente metro
reminder wifi germ pulling forgotten comply wing wildlife kits immigration spraw tray sends título investor kingdom
inexp elastic tuition boyfriend dashboard reson initialized transit minus builds heure mall wissen cass filing
président vient continuously glory strengthen sucesso clic locals spécial optimize precios shame poner plumbing
webcam compile tract membres bubble consisting grocery usted technological speeds inspiring delayed spouse departure
troops iphone realizado leicht reflects passé colored observer sentences gradient quotid algún découvrir gamma pasa
heraus throwing heal dynamics worm rehe hello relatives plaisir resize nuit ranks estudio classical labour vrouwen
propre complimentary bones careers entrepreneurs notable significance calculation violation notion unterschied
latitude sweep tops tumor composite striking travelers équip venda punct volupt adel mast unfortunately peers deter
musicians replic consecutive dying commod clicks loin affairs associations espera plataforma questa hammer ambos
bekannt impuls créer lokal tourism listeners persön offerings membuat sellers treats surviv blessed posterior shelf
étaient befind diagnosed permits inserted retreat carg wszyst vegan humanity duplicate activated quienes gradually
protective manten entreprises shield pine encountered measuring warnings respecto resistant bekommen pago audiences
encoded titled touched indem electronics alan heter momentum gastr lugares invis interesse tert upset quatre
deciding longitude hver besar projection conex acknowledge trademark rack literal subscribers aplicación newer fool
owns sensitivity draws embrace colorful stride poem bilder algum mascul contractors traditions starter auss wegen
lien ihnen chamber différentes vagy capit barg influenced irgend recruitment cuanto reserves mantener bahwa marzo
assignments cycles analyzed instructor triangle seeks suicide analyses tales concluded triple eventos ritual
directors investigated obrig devoted accepting anticipated dough karakter obligations bruk taille hobby veut imaging
basement valeur planes aucun initialization rápido converter satur algorithms abrir grammar attendance colspan
trails joke utter amid aider minimize handful united exhibit massa compression slag perception erro debido workforce
monument bids inquiry receber corporations commerce refuse stakeholders kond chac semua circulation mats carb poison
debris pandas entreprise twin chin seule tenía mann contrad integrate acept sponsored intersection recycling
syndrome equation durability promising compatibility programas sociedad highlighted implications allocated india
resil pockets hazard tier freq armed quasi stør missions palette december dens pins theatre demon inkl fence
comparing smallest plano sklearn dozens clever bonds septembre attraction lounge cleared hombres welcoming trades
accompanying bons zeros valued performs basics adres vidéo inclusion nerve queen travelling badge traders gently
scenarios handed grows melt isolated mainstream seating yeni courtesy aging affirm pane pond reaches renowned tego
essence donations gaining vinyl minerals infected downloads backyard peny trauma regret traitement retrofit equipos
inhab agricultural sweat weniger thereby disposal sail dile difficile cancelled allerdings remodel foster perg kurz
desires blackjack accidents unterstüt kleinen freely accessed documentary markers lottery copied sixth candy drum
regex judicial estruct chant caption beings authorization hassle semanas sciences wicht chains puesto också certo
dominant failing trek flows asoci représent mycket tongue blogger slave vrai decorated przed citizen affiliates
regarded nuestras fier annotation hvis jury overlook profitable garlic celebrating incorporated biom talents saves
pratique storing taxi renderer tremendous keinen fertil fille fireplace rendering stolen preço luxurious implicit
magazines ruling blade funded feas convinced inferior cole wager hacen criticism bathrooms semble hatten entren
describing traits bagi europé venir specialty evident subscriber terme unnecessary vais smartphones stato molto
propio petition jika ayud exams clips boom parler rewarding remed adjustable kotlin verschiedenen rally primero
manufacture independence nehmen ofrec translated eigentlich grands sisters investigación nécessaire theta affiliated
olive cognitive pharmacy nationwide harsh psychology intimate milieu fame iteration rapidement searches indispens
killer flaw alternate dressed embed promotional profund assass showcase esos utiliser mensaje camps prelim triggered
counting dive tattoo rational escre locales carne atte patri distinctive janvier peux specially documento compose
flere hereby democracy ogni dentist worthy hiking suffix publi hoop clase deposits finde angles sammen straw
affecting sélection thông complain dropping profil oferta mapper centres creatures subsid quoted meget screw
necessário eastern compounds corruption expressions invitation corporation meisten spont besides calend hesitate
damp palabras absorb legendary logout quiere suggesting ingres completamente guided sustainability elevation
paintings preventing globally addressing lanz dressing drawer subsidi correction automotive replied opera phosph
proposals italian notified wage horrible demanding hungry wides contributor pratic novels prise automobile
presenting possui formatted combinations pulse searched feliz plasma sampling contato underground downloading camino
lenders leve schwer redd elderly grasp foss agriculture acute chrome persistent cleaner funciona roses china moda
nouveaux merupakan functioning summar congr socio usando indexed cellular literary kell bikes berg dealt churches
blocking metals accordingly sinh footage vessel adjustment chapters threw costly sofort disco seemingly estoy
accurately specification mysterious controlling tends creo requer badly naked substances sword stitch frais heated
withdrawal workflow maximize referring sqrt analyse disrupt mobility mice surveillance spatial contacto pest mayo
fleet editors overl restoration hemp contrato acompañ cabinets toile elemento supportive cave delicate sponsor
modeling accepts seniors deine contributing appealing firma emerged remembered cores darkness awful cheapest
programm assists dissertation contenido traf carga normalize individually augment nich suspended vielleicht
calculator praise konk hills airline pacientes fought pivot messaging traged costume feder dependencies taraf
packing bergen pueda memor validator needing dilig characteristic discrimination uncomfortable annually revision
shoulders rendre pear nutrients presentations méth compelling shaft sede mañana interfaces twelve varieties varying
gameplay blast shake disposition palm teens dried doivent footer politicians hvordan üzer appearing viewer commence
constraint holy timeline appreciation veya governor fridge banned lighter sost forming alma compagn eher vive sine
rapide dzie medios osob prizes rendered seasonal diseñ ellas dresses uncertainty berk bearings gravity warned clang
opción imported criar seleccion tutto bush función shades zeigt chemin derechos expans dang pueblo touches adapted
simplement tailored sooner administrator pressing comprises modèle circles invested passport scared tunnel advances
modest highway switching alunos memset consistency privat reflected oxid intéress homeowners materia partially
profound allocation doses serta flask behaviors dragon mostra retry bueno explaining coraz competing möchten
sacrific gluten padre hjem restored ayant conced syntax pesquisa inflammation surveys teaches sells clause reproduce
weekends embar passive sensible cine domains beau andra pointing reminded arma escorts conforme fantas molt jemand
angel enfermed cambiar reasonably wars teas første compiler repeatedly explicitly hadde characterized leider
competit clarity participated adverse boasts healthier concentrate meditation sequences strap borders elit pools
whites claiming embod monetary stepped nevertheless islands inherit coron pretend trotz deren establishing rectangle
neben approve relaxation transfers wines dicho organism connectivity solicit disadv improves medicines clouds ingl
shallow wings constexpr amateur urgent buzz venues calcium propia cozy agar halten rides consensus entsprech dated
sedan pien tasty undergraduate perspectives holders attorneys tram création lire fears mannen marry animate poste
vapor moyen adip fing ningún dedication boutique widespread krist utan fout occupied wrest banco corrupt comida
scary abandoned targeting cuales próxima cocina reportedly erectile fate alguien correlation welfare suscept ethical
lear flesh districts sacrifice ordin memo prevents sollen connector coating obstacles arise chambre madre muestra
complications pharmaceutical cents trabajar tourists domaine phenomenon cans backing sigue formul fortune vinc
hablar merchant mejorar bitter consequ sieht crafted heroes refin winds calle helfen racial discusses écrit
tolerance bist playlist haciendo prog addict leisure perso kone chaos underneath celebrity coconut conjunction damn
bride tutor wholesale även menggunakan computed herein funeral sunny hung código usize mothers disabilities destino
może baru collaborative safer accus priorities acess consciousness discharge excuse musique afterwards incur volver
sensation formato pipes accredited homeless cube lawsuit indication snacks rolls trains daher legally categoria
dispute adher enrich renewable casting mills variants sanct ventil artic vant toolbar kamu sean creature refreshing
attain jugar procure snake abaixo insulin choisir consuming manos jackpot inicio acids assurance annoying incom
consumed adorable impe remainder nude drill launching nucle coupled antioxid deja changer belly jardin proyectos
polo erfolgre hockey metod corp perfection prova pagamento tylko volont canada extras defender survived conducting
mapped fatigue continuar theoretical joints meinen spacing solved varies dietary struggles cryst dine controversial
intest repos sinc dessert females considerably sigma unto lend rankings indicators potatoes brutal contempor loyalty
expects intermediate theories opciones attacked manus outbreak quelle overlay dense prohibited lust adam attracted
tint concurrent upgraded stadium licensing structured wrist magnificent continua nested thrilled perfil shore
barriers ebenfalls connects robots fors graduation hydrogen prototype advocate expend kvinner kaum discretion
climbing explores insist therapeutic hiding attent isolation cath plural equality progression wiring encrypted
comunidad veterans dando hike biology benchmark réseau chairman bored implies llen cursos alphabet tastes deduct
treasure suma crafts strengths avril outlets descend unge disappear licence manages registering appointments ruled
tapi demasi recovered crossed kali masih expired verwendet precip daughters alerts serializer genom traj nächsten
chars couleur genres practically jouer stdout vigil understands subsequently sticky assessed donate warming sagte
captain internationally fusion governance deserves glucose decides imagem welcomed carn linking extraction respected
bald marginal stiff extracted opponents vessels favorable packs viên später aligned economics pronto exchanges
achievements leverage blur hätte distances educated privilege método depress reviewing retailer intensive slug boats
carta laut gehört divine nurses werde circa journalism assisted retire infinite brake dealers atas steep bump laps
darf finishes hoped terrific abortion nonetheless allocate billing transparency kurs delays parten singular lender
breakdown irres canon referenced floral acción idade cruel bleibt waktu chic databases drew cited upgrades continent
besteht implic tela dood evolved kontrol suchen clas methodology partida distinction mentor simpler ceramic vamp
jumped mínimo earliest temporarily valley agreg pursuing calculations therapist adolescent sporting bedeut finances
generates combining militar uncon encryption occasional zahl freak romant drawings quantum applicant continually
strand blob phases melakukan qualifications suppl tanks radar limite jurisdiction flick reminds poet expérience
physique résultats tratamiento morph nutzen encourages adjustments aide inexpensive bekom existed sulla unve
bachelor dieta steering hott mathematics entfer resc insult declined acciones noir commented theft commentary
thankful dato influences protocols lineup analysts pound amazon projected ample voiture dove aesthetic lined
trademarks principio elevated practicing prescribed persu innocent roster namely condo interf amis gateway silly
republic institutional acest histoire bitte tweets professionnel woods assuming gamers wore avoiding smoothly
tactics glam judges executives sonst encoder tranquil shutdown burned escorte cocktail bringen archivo sper lanc
guarantees accessibility cycling siden defining merged quantities perse pantalla prueba secretary mamm diret herbs
concentrations carrera unwanted unidades corres memcpy cottage cors graduates stip haute introducing beside shocked
invisible athletic argued organizational coleg enrolled positioned ctrl rencontr bardzo deny noen expose zeigen
carriers shader spine supervision workspace displaying lokale presenta sexe determines vitamins puedo posto villages
stairs confusing figura magnitude salir intervals arter verschiedene promoted kinda wallpaper steal jedem butt
cylinder cabeza gloss throat anunci sare noon testosterone unittest headquarters cleans lemma newspapers acad
película conflicts bestimm vocabulary consulta amat clay rewrite nonatomic backgrounds schle payout bras locks
randomly selections prayers contexto benöt gauge surroundings kron natuur enterprises diferencia membrane tamaño
rgba joven indo baja granite clue coloring español pickle schedules wound noexcept dependency buried taller
optimized darüber deadly discrimin advisor hormone skirt aluminium abundance hijos utilities perceived bisher ganze
travels gusto formatter réponse peaks lamb condem rendez biod meinem mains hints datings lith sturdy forts accessing
fires utiliza shifts eliminar heater siguientes populate sund dall scam households incidents temporal atomic schemes
dealership hadn spill unsupported beating microwave freeze genuinely threatened resposta warmth broader landed
outlook deed jumping remedy vegetable negoci todd corros funnel ugly separator cafe renting disposed collar waited
drone puppy likelihood motorcycle medal prejud honored installations bamb indexes guten educate centered wiel
desirable avanz enfrent demonstrates sincer unavailable fluct vanilla unemployment specializes governed especific
proceedings serialize poses elementary nostra migli professionally wondered oste frank devez éxito crossing
interventions predomin balcony igen surprisingly dramatically chocol bleiben explor parsing distant cooler desperate
retention securities touchdown recruiting organizing dopo conception briefly raises shorts cholesterol lifting bevor
tobacco barrel wheat congress detector cambios tentang delic mailing physicians fondo reservations aliqu exponent
boca nonprofit spreading nowhere cruis alte needle evangel filho hade lehet bloc negocio allegedly provincia
responder incap revenues strikes fever clusters backs architectural proprietary lockdown farming baseline beginners
sorting usado thats regulated develops approaching lenses expires caution animations mega substantially enim czas
ribbon scrap kidney stere partnerships grep terrace liable correo cena investigating payday scholars scales metres
homemade documented plots disclosure occurring contrary reuse metabolism priest soda recebe earthqu minority coastal
scheduling rejo lateral glance cach będzie rever axes blues reputable responding wool dispositivo masc listened
altered sphere enam tester pastor qualifying shirts tooltip charter setzen paired pari diver deployed cares battles
challenged fifty injust realiza lengths stellt stressed inevitable ming punk prestigious customs mote terrorist gaps
plaint excluded pthread strips shelves chick adaptation bankruptcy releasing touching debit arab numeric severity
webinar absent homepage lengthy promptly dumb enthusiasts harness ridiculous menus failures padr quantidade hilar
dawn chir indica lining stating convince constitute nails dairy viable rats xmlns conseils vectors einzel crops
deadlines shipment revised concerts cables remarks tubes technicians miser sleeve documentos premiere cope cherche
mechanics intuitive acne datum ajud cabel pies meilleure approached enthusiasm incr traded joins sidebar figur nied
goodness cruz amino irregular consect clave journalists dame chlor welt confl pads folders awkward affair libros
deutschen asleep tuned overhead meilleurs consequence urge penn função focal maintains swift crisp protects
permanently utilizado feeds wont anonym tissues ermög removes spirits sustained nale sheep dryer satisfying
struggled herb traveled quil polymer modific sortie renovation subst conferences timp fopen sqlite useless smiled
illustrated verbal bake booth catching humidity crushed versión gods sinon mutation neglig undoubtedly ajax taxp
hijo sembl tricky segue spelling premises intimid paciente critics guild hose futures allowance hunger wollte
comprend plag decorative informal brokers negotiations administered réuss coordination loft ours seventh competent
counseling fname reporters docs litter dint styling periodo explosion mounting representa textures resign deterior
klik kicked polyester bloggers coords dirección extending sina dwar explored groom commenc streak minut preliminary
donated assessments scanning assumes wanna timed aroma arriving lightly lacking branding succeeded conting chunks
outlined patches yarn praw replies shuffle texte promotes learners necessity crying pareja illustrations lesen
painter wardrobe webpage predicate reass commande dots hospitality bloque shifting ethics sque fabrication lending
registers acquiring counties buses payable postal custody accompagn routines practitioners cambi crap jane tribute
peoples inviting remot bande conveniently defeated salida inverse instinct enters handlers tracker brave perpet
certificates molecules decoder internship necesita disciplines mindset stead trio fino manga intact sliding gloves
autos buffet pared suspected furnish números detta française pork switched coma argparse dividend partly bins
logistics shrink acre frustrating utilizando recibir negro quarterback décor abnormal worries lectures mitig scent
analytical festivals poate wealthy executor seri compromise firmly epid cartoon tenga grado enhancing fonts musician
parliament mayores controllers cousin proximity investigations slower midnight anch installer herbal deferred
filtering appropriately comentarios metaph collector dossier glue quicker malware despre bears thrive coco breathe
occupation testimony motors conspir oben topp nurt retval wages lesbian pillow fabrics laughing knees beats flee
violations primo consectetur innovations routing castle quiero relates conclude incons discomfort droits hind lifted
dobr waterproof ancora fucking estudiantes dumpsters thru immense idle discovering commune tendency clazz firmware
happily marketers wires imposed candle socks acknowledged freelance peek thumbnail residual pagination disagree
sticks duct defence flowing poems backpack conclusions meme onion proceeds compilation contacting chiff integers
disconnect covid rivers assertion refined thee mutable appearances immigrants congreg engr filmm sheer inappropriate
quieres refrigerator cosmetic zeit incentives labeled fixtures movimiento feat publishers converting energetic
disposing reign spor realise medieval nutritional notebook trader qualification noble cljs belonging ingin
influential tome silicone clearance inhabit imágenes alcan anxious hooks accommodations exploit conscience exotic
dosage gras sacred hottest perché initiated spiel expectation viet altri washed cigarettes retrieved habitat
sunlight slik recycled blessing amazed mortality ocur rhythm receptor funkc riders heels bypass treffen paris brew
spinner breach expire breve jersey headlines illustration transforms poorly sore placer financier frustration escrit
petites masters grams evaluating baked armor spotted spos molest enlarg fortunate ninguna nickname lymph mans
punishment bapt meld reconc bestellen inherited mixer positioning ambitious ranch stressful lime prere unbe
neighborhoods occurrence crust whisk ontvang catast tomatoes unprecedented cardiovascular scaling emission wann
succès avoided ceremon memorial traces expiration answering pian resta attributed forcing envelope whats sanctions
wherein sola playground dominated vaccination
"""
