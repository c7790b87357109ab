"""Runs of letters and of punctuation that common tokenizers keep whole.

Taken in merge order (the most frequent first) from OpenAI's published vocabularies (MIT licence), which the tokenizers of
Llama 3 and Qwen extend: https://github.com/openai/tiktoken. For Claude they stand for "common", which is all that the
fitted rows need of them.
"""

# ruff: noqa: E501

WORDS = """
the in to re th and of de is for on con be st al pro an com ne se en wh as qu it you with that this tr he or le ex
un if at ch pr are la cl we from su new do return not pl your sh ar el by que can me was int have par ad ab res get
all te des will class public us im per vo go so dis ma cont out und has et no em up man pre es sa but est na set my
am more var ro gr str op inter col part one void sp ag they const da our their pe comp self app def time any ob over
die about del stat work er function which ent add bl van bu fe use else para id also who der his some data ver
private pos null acc when je end other off af year br like name need kn di reg just act org ser her been may les
true min een there rec them real ac che por ind ph hel comm los co what bet ap met value fr lo het av had val sc du
cons med det would false type how dr dif were into sur cre make result rel loc sub fl java list than first aw bo
import tem back start ein only ke its fil string inform form look let static best under trans most find person ed
help ng rem people car ass want don long gu sk inst um final arr read ge ve test every spec should know sm mon cr
she well pres sch si den il exper som hand mod dat then through pol user char inv opt require sim right pass stud
very these web dec sol product case good mak cor ka vis bel prof dur down bus where two see sl post att pour aut
high after ext even now art eff men una file sup mark many os las gl cal way much bec dem ho could om ou while said
used try fam og number mo serv years event here play cas print fin key log comple day information item differ pas
last sin tak program word includ text current great ins gener does fa sign because home such free did before num
process provid ya online voor take ste own child view cap das break arg top size sit show ce model using design sal
check world week son book dé him mit think business tot again system call prote cent pa zu point produ being rep mat
made each poss run une ha place qual po cle soc found open ist support create pat como super line cho ku partic ni
order service develop contin method custom quest state next life request those eas follow care mu vol vi array
different oper prov beg expect mov dans mar organ same coun intern local site rece proble style ref really ik pop
writ sem ide main sw net pay qui default au exp commun equ must dan von game conf object direct fun dep available
fact hab around cu rest ta between cour ret wer old say non mais market term error cert ti pu android mus still ang
plus auf without month ak mas disc offer err going both ben project max put page report build uma incre happ ann
love leg client seg come ter als ba std color fri cost second content too path eng few wa hist für port aan ré lim
full appro pod access effect kan ja company message stand spe head ko feel kom pot zijn level document team mill enc
bas mem health sure experience invest field lot ca imp things mag ir small table iss won ki sex mom protect response
always consider present tu change ans perform job range during keep review prom days important aff little techn hum
dos three water expl input va interest better room website ess til link including big ol mult power index school li
hard code catch plan vous family double success got fac within date account exc sam struct something bit beh nicht
left group might element control services special provide red mot dist count bar total base chang another image area
since vers body give gen hot trav war extends sich på har util não kind search air assert social contact record echo
bro turn email gre fore href action bed able bir niet dest anal required less allow address javax looking never
target material sus bool mil param dig title ask context video personal config grow cou mal entre sent indiv boolean
profession buy dom options mes console products money adv price version individ include más avec dev ident children
law http fre sn nov uns aus match za bes following gover mi nos position ing map await short update lat visit uit
nil hal today eine sob mach creat sou dire fut bij obj blog working nu door based lead appe lik comb making occ ze
possible far activ kun meet sever course cam done quality auch research ur yang away alle ay moment cell light label
imple sum understand div easy vot food vari wel times past four mind along begin source od seem ens throw enjoy
house already iz software side exist deb cover property ten whe given impro download width protected employ block
pract called tre mer kw against results perfect redu cur prim ra large needs benef ny bi float pag thing why din
individual win certain este low camp conc elect respons inte fund learn alg dies via status energ students sort ut
thought trad amount neg valid src hat live having inc ook esc situ land tool display single talk node until ant ich
len kon mor func govern cond treat url educ publ gro height cult clean mis och load purch simple toget together nie
once items output select wat means original dit ok card cir actually mean beaut often either makes bad tod problem
comput hom supp getting dam values deal community connect cred mass please sobre amb bon later geb quick ao night
specific tal ever story initial features details natur particip ele author below store continue space several prob
recomm emp question ont country instance cook face enough send phot pur args ét uint clos press example members alt
says bal ber study gar host extra heb financ ach particular become sind city player major others games media sens
especial button hold write necess yet prec kl polit lib stay save autom location favor news pers font nga teach
throws sche hours comes oder complet sav miss women share pie copy above least larg nam friend etc provided focus
represent due application reason season bre row walk pick wait pou sont across compan close period development auto
hu move future tamb writing werden ago track click task offers sie dating doing opportun inn option handle princip
gir ev pal bien common pack sym questions clear ah created zo np comment info typ discuss music users mga pict human
subject network signific determ started maint ren role tw minutes tele bil compet pred global nh über econom temp
tell though hope tout applic months cy box associ length everything relations strong complete bei está known ges
nach obt front points tax async film whether ple series deg maar inf heart dir young fall respect watch bring db dar
choose install eu happen fast friends stop invol history hor someone wie json query phone pet anim infl popular
window industry btn age unique enter million kh added fit vor strateg sil article wir collection ot uk virt came ih
yn fig experien exam phys aux character addition near join tim environment previous works hon trab conse override
various prop device render wr hi nd https accept register expected professional terms energy black perm ep limit
naar parent went step general customer að chall column companies provides types format sugg server engine dass pen
sel member customers contr ek diffic early weight dim answer idea terr hier government whole took normal indic
reading issues password cut apply received express beautiful suggest coll mel needed events fi anything correct
onder training sy switch regard taking delete center gi draw nous seen internet screen performance among sing lang
wonder prior tag session interface impact www remove auth natural kann rate priv rap loss votre building cannot
feature integr actual files relationship sec opp init tro technology brand command voc exact comfort background
platform grand implement worden percent hotel half sig except sen selected pan words component rights resol pi
living conditions travel management seu believe sites foot language receive claim dog potential fire staff nog white
simply veh five esta ill kar description mut entire hol dro todo casino ju everyone conv bud nou difficult further
stock ger wird deze decl nas root gam emb saf vir ts token ord additional issue changes han paper cele includes ga
yourself sua marketing forward filter mir taken contract trying connection tech bab ses crit bill refer az areas
active however för inde quite reserv ensure student border mode similar inside einen soon dal tom wor almost running
financial separ board plant doc ax modern currently fan waar sv era problems tab flex stream ful nur prem credit
muit jed ded designed office template latest third famil insp bank todos aqu fem sab lower significant nothing
effort takes regular fill heeft compr bin mid likely fra told tour usually ready hac especially msg gew ways organiz
deliver ib restaur recommend models standard requ risk probably params reviews kön manufact agre tar digital
condition increase according entr cause vez tut plac section hit lov fail song transform knowledge approach mobile
production bag lie happy sales choice fab consum matter couple related fo recent definit books wanted security bis
estab subs ru dise foi drug players imm yo coming amaz entry req aj pretty desc higher meer published bol pero frame
altern official purchase gas vel ig prevent sun ris machine virtual sound round sale included party prefer noch tur
concern absol returns einer touch arch investig oil shows pel nice zum ci progress temper longer mai resources six
kr pain sell parte fol treatment weeks esp sé graph einem fait note clients menu images held announ haben systems
drive tor hun learning random gest continu hy viol outside rather international anyone forma worth upon calcul
policy located introdu aud solution faz distributed written vert facil computer multiple confirm reach hij mens nem
nt instead leave unit ei appear feed propos san có cette rele wordt dia safe transport är speed ground kids asked
legal bul ul administr assist vac national celebr medical apr behind rom recogn tit easily proced late flow average
education database ideas nature opportunity skills spr materials throughout ball parts norm imag cha comments você
seems till affect icon paint cases collect allows storage methods charg proper candid zur sein region variety comme
skin pun ip excellent chat complex exception fort death hebben cop là chance gel quickly nom cross programs sist
deep ones hair lock activity insurance built wish leading faire seek patients cart necessary cool tree activities
wide band nan resid memory instit consult wrong remember header empty slot unt looks implements release circ town
quant fant filename practice movie playing star gan growth aber cada saw discover kas meng immed ability pap pattern
resource photos hay useful tan expert favorite compar ton floor lives margin properties charge tend levels jour wur
pool avoid improve evalu god frequ vida parse recently daily mehr score empres compl equipment tools firm ai
selection abs capt liter analysis prices convert career roll amazing boy jo verd finally effective updated influ
demand concept déc trust bath pros fer kle sense train sz directly club dh alert liv fields didn pages projects så
aspect gold km buffer goal vie të thread starting notice moet exerc lu gets techni elements mention kam blood views
decision numbers observ owner associated delivery adult histor können attention rob rais tid lines attempt rock
morning category shall oh picture dag bottom verb kwa college essential road commit settings innov sleep names earn
sold cin photo ign extrem woman unsigned pul parents solid durch situation má lost goes advert itself benefits
internal enh evid satisf hour module muy trip regul positive uses rot smart cab green profile desde challeng
structure diff drink girl dark cov transfer doesn contains groups consist opin pes rat kut highly tmp led raz driver
plans hands mm costs nue scr gives independ cos fine nj countries fresh offset cit myself kat lic capital nut syn
inj piece jud ven são cat ideal providing numer medic ini fat mog industr shop và être untuk primary neigh defined
finish pelo sizeof requirements completely warm daar oc bak pare agus guide ban meeting changed worked mol
individuals prime serious edit peut oo constructor dead ye peu byte versch safety themselves mount former cm setting
execut stress direction pub lig payment creating allowed vit container în fix wood describ scale distance mb effects
summer channel helps raise cash prepar push stuff kunnen ped bur successful links failed andere optim solutions hem
sport strength applications exclus stage vict states très conduct puede printf pré accur camera mun convers basic
drop interested counter dengan rent login considered entity és suff muito elif callback definitely operation fair
img partner encour align vehicle foreach ez emerg interesting huge certainly respond basis force obtain padding
shape constant existing birth hear shared fest rules places veel parameters eyes sea mü depend essay relig fully
flag stra gebru akt route appropr theme commercial culture purpose même reference pode wall também porque pens
exactly statement measure organization difer unter się gran package vector nombre developed env license tra advant
surface poder mix soll eg construction motor classes pow fn thinking lag lä été slow meas decided dream involved
difference physical relev io namespace jaar reported vill sans pela cast editor rates intent somet fight cookies
carry leur diagn tips blue characters vent giving felt degree lab pressure conven aussi secret limited tun released
lan rad só reserved paid kal master budget solo dry functions stories mul towards viel gem sust mother middle spot
univers cum videos wenn symbol posts doll moving sometimes sender pm spend kur replac kitchen ett core grande kont
goed mail maybe dump undefined baby decis cours sat soft gratis mort shown ons pesso hund gave sample guarante
specified geen attack reve prod vs devices assess mundo straight contain bez planning html pin restr prev tijd layer
twe letter adjust ri otherwise tou hop became dent passed police helpful expos deux rank campaign court gift patient
sports saying browser anti steps sud modify understanding admin ia username contra rich labor damage sau actions
quer cual began argument eer smo reduce tx coach businesses já panel también sed furn generate jobs nation incor nag
pictures micro arm vos president wonderful manager tried divers political corpor ble comun pró curr př supply thous
cout serve returned healthy tip hus nav played advice bere beginning dol ces regarding bem cards heard dress trade
layout eigen maximum vec pand largest saved neces grid principal speak vend articles growing heat pair quel iter lui
dann traditional produce balance bat chem decor writer tiene wants rule appreci exit feeling monitor ale tam errors
weekend sac components fue merc tous hash viv mechan fu overall tel comfortable nä immediately greater tests sand
miles sql años agree fabric spirit strategy cel lí ikke instr fir employees expand demonstr looked colors turned kap
rev batter cer hospital stack lots clin conn detail messages reli casa requires jou loved serial offered ctx
shipping ty insert psych scen topic sor responsible mask uw logger meaning trabal gez hacer ps volume eye reader nke
truly js diet pil tv reports iç gut metal recon operator glass tipo estim gy parameter caso eller investment feet
setup audio extremely prés variable sett guid appropriate central minimum easier disease gal isn correspond ker país
retr epis placeholder della completed weather grup hous provider protection album encontr adapt warrant temps edge
himself kor thank durante schools scene bonus electric knew ole increased opportunities sector nak ingred dialog
wind vid science compared studies spent farm ea eat alone cells broad scient visual bot offering mejor cro teams
fans pad wo library race mé increasing zich announced mand gradu mac figure brought sul txt economic últ cuando vast
attract beach wet rooms ile goals incl api pull polic bh wire lok spread offic identify occur coff relax listen mur
raw resp determine enable fel girls shoot elle loop harm estr ll named wax ihr testing mist ster surv sar families
discount benefit sources forms wife sehr concentr cup afford station population launch mp mont dont tempo anc award
implied income ub builder wear unser shopping bound father até beyond ult gain thr collabor powerful burn highest
bytes tent loan factors wurde guys manage ee ej calls besch gebruik mere anos finished nearly communication memb
talking traff cmd immer thanks script reasons evidence records voice fav lack quando objects mijn gö fear vil dispon
export spect verw aim guard nor hundred hasta experienced trial agent realiz park permet endl repe initi ged wieder
kil maken technical domain valor haar radio detect weer secure lif cancer dict props particularly friendly inclus
removed esper guess arguments isso pom surround apro restaurant jog zelf aren although threat wrote cache impress
earlier agr church onze lit sets võ dy ast vu absolut fetch naj waiting públic bod distr fon strict bra upload uno
hyd passion seconds listed remov connected operations temperature notre mission academ cloud schon partir momento
estate jag boost aplic lev mesmo whose finding impos helping reflect cv cold multi ov vai guy challenge websites
director wij sb moved generally surpr doub cré ahead iyo scre fal gaan opening controller compare sys external gibt
ati atr capacity matrix apart schedule jeg menos dispatch born configuration journal gone nar ud posted sexual
processing alloc appoint relevant factor wild rac artist seus doctor rub copyright todas annual ment grad rapid
permit critical larger truth mental dus organis buying incred uz tanto ship closed proces lugar sweet zero cheap
efficient minute jam sí federal shot readonly interview hoe affili transaction emot missing therap alles talent må
flat male zw coffee experiment orders poor cant distribution directory leader gj gesch rid crusher happened els lose
advantage peace welcome beste mad unless analy doen dari negative helped equal fees euro jest attr slight scope
journey split followed updates tri instanceof homes adding intr grat við werk inner rout none fee nú væ ali civil
donde vom nap behavior tail dei luck ade remain trail pieces sistema traffic movement prest nat applicable older
produced establish ring surg ndi haven nod diese fashion established reset instant rare ainda perman successfully
supported origin tiempo billion shift styles poll specif plot lux spring agreed logo notes construct pri husband
creative therefore apps motiv signal describe decre eleg brain oblig stick street techniques tap mg heavy maintain
seven veg promot holiday perhaps ug será quarter moder expression pra wedding driving placed advanced kunt keys
achieve eta decide abstract professionals retail camb laws mess tä exists neighbor exchange sang él posit propr
upper chi experts capac covered zal ham blo pon py rect sharing attribute suitable prepared seeing contribut delay
ved nad waste define bek kept fond experiences efforts sow orient redirect trading garant fixed ano starts vr
military thoughts primer smooth wil mayor porn habe lleg fazer habit centre weiter rés kad replace dess antes onto
dispos units sempre mater handler independent accommod steel alternative mock math destination football pent applied
mine avant champ courses kit nuest happens thousands tok gef attend biggest méd compliance presented described meg
há gek dalam coverage extract properly documents importante autor sympt bought earth estar liqu chain danger headers
knows whatever cancel society plenty challenges exercise bah parties adm owners projet warranty reality remote
advent separate compreh prz rows weak ça empresa deposit duration toe rh premi rating numerous depth tasks appar
architect cars winter gather queue partial utiliz smaller department classic ell obvious stars guests prepare craft
bright learned runs fundament kol garden typically honest iş df tub alla square batch porno zou aid generated
foreign susp baş requests tse changing mud polít truck organizations king suite mentioned dil opinion forget workers
kö verm objet escort sek jump implementation standards daughter androidx rain hang interior recommended audience
destroy employee gaat fish served opened absolutely conoc día aos tidak repair dhe plants así conserv variables
facilities keeping gör faith hele algo thus buf mee animal generation loaded movies leaders registered dt sido
dynamic century idx wid dedicated corre jur teaching novel radi ath encore teacher personas vote hidden feedback kid
resolve accounts aria flash exhib west becomes mich combination failure medium në nieuwe submit economy vision pac
pert vul developing industrial pure elev deals permission depart alter automatically purposes vy tf corner crypt
donc odd eight parser constru dip constit intellig trib valu locations plt showing election filled managed
discussion lub redis caused selling aware kum dut sad district diam relationships presence explore kes famous branch
processes incorpor enf tl stone pak operating fly tek funds advertising tegen yield previously windows domin declar
veget showed pic datas recipe estas lin partners electr vak evening mouse mö transition pill rég performed calling
parking akan worry sous familiar bott choices beauty meant hin purs appears funcion procedure yes depending nada
proc factory heel brief mensen thi joint poly stores jak senior payload nutr advis detailed compos torch assistance
plate wen machines scan ví pessoas fantastic taste decisions squ ui lect fois trigger bisa watching complic answers
tempor krij ana meta profes loading ef gun nun signed trop died remains maintenance cad forum ran aug tum advance
segment dumpster occup becoming expensive ice kg fuel né possibly swe reject charges claims volt goods kt foto
verify sj justify kul vary blij waren año cleaning delivered cursor majority wy march stim wine instrument isang
assign kub cs için validate lav toda relative continued walking rend south leaving animals native conflic escol flo
practices reliable minor focused suis égal communities mini kot zone agreement illustr topics kuk ended continues
quiet crow fle ride hace nullptr totally où socket readers policies vin și foll bedroom bond jun sole strategies kaj
fif equip proud mogelijk suit fot diverse competition accident rs cultural attributes rou sister debug manual
installed excited winning vacc snow ms dok phase prompt providers promote pays reached enum flight matches các conj
toward dav melhor visible asset dou tus ly permissions leads router sle mic chart aliment dieser willing enjoyed
fruit upp consumer vä plastic cul gén einfach sugar awesome slots seeking grade species assum esse extension songs
chemical arrang mant ils contem pok tradition compat magn cloth poker dates impl remaining pandem lors exciting
trait conference pada brings rum raised academic également guest tat agency gust tough chose premier sera seat bg
uso technologies verk trat sounds spending instructions dere sustain citiz millions ua lista maj markets checked
furniture werd suas tau ama mismo itu binary clearly erg keine creation folder entertain kv lay cities fuer mostly
nost examples scroll leaves intended extr erv wasn conversation containing simpl possibil premium columns più eating
aspects númer photograph laug designs nodes hell visitors vibr execute neu invalid amer female monde circum ohne
limitations contents busy battery ingredients cycle reput eerste battle yi installation kill residents cream carbon
spl precis combined manifest positions survey whom inline anywhere dentro tras registration joy moins pd highlight
interess hyp gere maior skal profit alleen myst rental cuenta gra otros yak teen measures tener manner putting proj
bid fé bare lati restaurants influence importance superior conhe asking dad vra dinner definition mea skill concerns
egg fs faster tank eth atmos enth disabled horas belang slightly confidence entrepr occasion municip responsibility
plugin episode že mt north sizes films chosen svo ihe bird kup algun quot monthly zip guarantee jul kinds pointer dü
tant stored lá allowing sono hl cot ket vind refresh aument cruc depuis ft sequence reb desen breath prot estado
axis favour ná vrij grandes accompl staat registr outdoor lovely integer segu hv typeof salt leurs breakfast
accurate anderen committed roof ainsi buck ning massage bear tres consumers leadership technique engineering desire
lle despite dib samen veter không causes tah mixed zus publish yap ún environmental holding rod colour facility
après ere geme ela trend privacy sele binnen university otro consc deix plane onde administration brands vehicles
laat specifically peng clock trabajo hub angle chair să evol summ hav reward mouth bathroom apenas dot tecn tables
alcohol feels seemed avoir rise adults tí approved tags usage iy symptoms canvas vital dich bor explain était isol
sheet teachers xml nome podr skip approximately ticket hook às trabaj protocol tir forces identity horiz clar
corporate dollars rig sistem climate quote protein gratuit soul ec mah muss injury kick hall hip enabled pret nuc
mau pued reply comprehensive dogs shares desarroll gear convenient beat disp appearance determined pregn brother
toute usa pentru vier nel artists migr kä crisis tsh joined appreciate toujours ganz horr authent hou expertise
samples protest timer substant distinct variant succ syst doubt hide enorm deck categories blank fro corr excess
stated grav están trees greatest zit discovered tsa significantly linked eines travail affordable gegen për adopt
mob pueden listing pit ese tas iron widget kab exclusive ents leb cra ends candidate glad mucho interval kosten beim
différ labels bent pump participants cz volg terror append thick binding realize broken musical twee nouve suffer
spons boot kans married suc få cri arrest supports elim diferentes requested considering elig drugs virus mij
quantity tight purchased eb reduced diz comprom fis md zoals seed criminal extended soit dz apartment sky alleg amin
tickets tin marriage hj assim lett theory ante clinical worldwide jew resolution killed flags practical sitting
trong ml bew volunte zv alpha tudo lunch signs studio bike loans searching mig therapy gay anx goto debt bay
efficiency år eso drag eventually mole spin arbe kung plays yon orig handling fyr finance toutes zap interests kus
multip neighborhood regional styled cela pris logging pose plaats accepted snap criteria bou therm manera komen
mining ey hau fonction hers pam basket ihre priority siempre paying solar pdf gender holder stre encourage grupo
google authors serving tile espa nn outros vertical quelques fold perd disse birthday punt prove navigation solve
diesem meal obtained ngh trabalho ads village contre recovery đi neck absolute texture bigger bomb atu absor cb
identified encuent covers emergency faut mercado cher zn noticed hundreds torn entertainment rein assets funding
motion poco electronic officials bless introduced ignore ordered saber gente phr lever hearing geh codes planet
trouble unknown governing oli lado moments geld predict calculate programa strugg modal crime belie tea oct alors
shut documentation transl versions revenue exem valuable proposed wal semana commission quem sö selbst ourselves
etwas sudden grab adalah begins perf meille quand appeared lights mang disk coment ratio gw conce improved pharm
promise ander relation erst sides weg nuevo prin któ haz modo hä esto dapat candidates nums ön blocks supposed
completion effectively pier interpret lah acon stopped island frå letters fell hö affected arrived manufacturer lad
problema follows innovative anu bits programme dining deve reverse üç roz degrees vacation ciudad launched egy narr
atau quien nā fmt accessible edition owned wheel técn strings compens doors gard rol soci keeps optional ear ayaa
manufacturing turns holds lip carr coc youth datos arrive golf caught ns natu hardware mujer standing doch twice
entered refund pitch ease zien payments aller receiving kuti initialize fitness channels verschill mw drivers termin
visited educational perspective estos dois nk enhance número desired ampl carefully household consent nob dow rau
meu pang logic dance sowie jan concert creates gent summary hotels cub neut django pob recover mobil sending flu
sensor gaming accuracy environ patterns tested uu booking competitive supporting fasc spaces echt substantial
entries yr attached zon represents geht democr prefix dd hà vag acid displayed estão treated lid apresent carried
utilis dell autres formation trou calendar defense cust surgery bedrij nok frequently bringing tells pc jug
perfectly sexy availability moi foods horm lived sept puis qualified prix capable gob fib issued visiting terug
delta decades yesterday lap vý sah repr komt animation roles finden currency afternoon vig wis likes fundamental
cort vest eig rit proven cookie bio flowers sak avait shoes menj équ partnership gün butter fy philos framework
platforms scores speech lomb amor servi génér altijd designer groot commitment eq inspired signature pt persons
massive stad aqui folks proceed qué bast medicine hora quart surprise accomp crucial hes fragment muk gambling nors
singles noise jus extensive fourth días react machen tussen imagine że ili ace verv seja alta tema dias recom
television bind delicious foram portion checking picked jetzt bug whak minister sag freedom efect uri violence ust
digit solic kay evt incredible intens replacement bom modified hog comparison wak gang speaking constantly concrete
notification tran puts grote revealed dah ned mk realizar accord worse probl recher usual defin typical draft
empresas rand caracter adds cable mainly emph agents shock cooking confirmed historical trim renov esk capture amen
excel forced lon nuestro buff hag cutting concerned yard essa poz assume ina hire fet housing ona organic entirely
dés forest recorded juga citizens lists segundo acomp primera katika nearby honor moy revis existe winner også
differences cet dw dop cham moves pis situations numpy perce ito formal proyect beaucoup bread proof gene actor mét
tourn gol desenvol dej charged knowing presentation schema ligne procedures través mó rough reasonable regularly
lift warning smile validation loves nerv conform belief zak wearing hr unf dish subscrib compte hatte tritur uur
persona encounter información sei reprodu estud vas tik yellow everyday noted damit brown unable stats nine bout
listener percentage paar facts cluster lets boat magic biz routes chez mik glob iets tall teeth zij impossible
sessions fram concer colleg fellow gev prison lombok presidente frequency resist datetime että crowd snel couldn
submitted genu matters normally wealth span emotional operate subse viele koji coast hogy garage voy massasje gast
relatively papers mois clip ara urban subscription imper bang nå institution nunca scientific ike gap minimal ép
selector espec nuestra renew outstanding vet participate routine kel kok milk circumstances eing achter liquid
closer delight tiny spiritual festival shell pills verschillende chapter healthcare upcoming redistribute controls
consists assembly casinos tienen county sorted depends iki stroke wx arts clothes assessment pov nhi préc nen spéc
copies employment preferred anticip religious chocolate magazine kang zwei mond meses critic flexible telling
hosting dipl membership listening igual tha personnes obst hurt liked wi silver agric shower happening occurred
matching extend networks ox pied depo pois cara tet adj tracking interact reform debe funk ako moeten fic boys autre
ore challenging seine huis tokens rust choosing podem circuit lak buildings affiliate cualquier featured correctly
mund houses mej conducted merge gü tul omdat ages widely kita brows poster ting nacional shr disappoint caf observed
kev estimated wrap legend donn resort recognized zorg invent með tai lifestyle minha deleted consistent recruit synt
timeout appointment grown explained writers trends apare collected área functional wave worst hoy taxes oslo facing
authority olan encontrar saving herself manip mam contained asp resulting gym nei inici walls grant circul frustr
petit wake yog mys ada scheduled investors justice investigation river euros voir discussed caus lessons cob toch
withdraw dangerous vé supplement delle contrast engagement statements missed murder oppos formed implemented ville
philosoph consegu formula coal improvement beer supplies axios surrounding executive dram planned adapter centro
advoc zeg kir neue storm tang sü rear belong zona pouvez novo fake miner marked explic lis upgrade reporting desk
fault wan iv robot pleased schn bw elektr olar dataset tá crash hate rapport betting recht execution stands foc
addresses patch posting meat plusieurs debate alc pem llam contro meny preg matt mane genre catalog chief hero
resistance ram qualquer yok ss remark infrastructure incident enemy acknow ahora vale colon geç guidelines witness
chances comerc attacks anche ontw horse institutions econ replaced drawing kem soo regions suggested dö scheme mart
sick maka connections lam increases generic dre turning relacion radius appr enumer taught acord mulher kin compact
nic packet sap gb anda arms losing libert whenever expectations passing instruction thorough entreg inches
monitoring inspir chaque kop filters structures feb dévelop funny uniform esa déjà stor bone muscle occurs hecho
pandemic vulner informed magnet eens adequ guitar jack graphics metadata bold disable discip seit crushing airport
kah otra beta weekly pup jij risks hur peuvent jours clim hoog være eru guidance debut possess painting bow
regulations granted contest usu sha plain evaluation tablet reaction dynam officer buttons uye purchasing packages
télé secondary sections reduction agencies problemas appeal exposure conflict featuring después assigned kuwa
personnel peque că luxury cann researchers nal trace vou crazy elimin oportun recognize aconte adventure escape cn
dp dra marg suggestions abuse shel pleasure erf possibility hits contemporary ancient domestic sir escr fácil
familia oldu campus indicate timest succeed mús dik salary division complaint kter achie stretch professor kos
evaluate rib personally powder ongoing newsp chicken rail dabei pont eligible permanent mountain overw league
combine aç dealing refr niveau confident público nek statistics hebt bundle electrical ken nodig inventory verz
otras jong apar podcast fur integrated resume lighting figures ost acceler kana complement terminal legit forth rug
jue licensed bars doit corresponding sight newly vide seo interes diabetes wash như presents laptop pron dose casual
guaranteed arrangement sentence innovation suiv shadow thu laten entreprene resultado inspiration shooting
foundation før sufficient sendo basically phen nó flav serie dimension jusqu inputs hindi boxes qued bottle approval
leven collaboration wür subjects colle verg circle ending continuing finds vrou tomorrow behand emails hid ink faces
marker dice série segunda checks moo authorities nivel stable kleine prima bias equipo layers eles determin
favourite stunning dictionary calidad fairly atmosphere parc partie decir tube substit nieuw bacter immediate acqu
cake dust publication conversion extern expressed tracks conna leis ave przy coin algorithm sis tö aka leng trained
relief union passe mesh dels afin transactions wurden impressive olarak stem frente tie styl extent öz originally
aktiv forever asse seriously keer synchron fighting derni rez objetivo representation dic certificate occas anyway
surprised kenn engage ní lassen pink feelings aur meio ella commonly severe savings soil interaction serves
broadcast limits celebrate bodies performing ray oa migration recording eh lek specialist contrib coding enterprise
defe conver toler lbl indeed kost responses awareness minutos recommendations ráp shops younger kort titles equipped
tort gifts usar één managing believed mim mysqli medio clientes retro portfolio thin direkt edges mapping
introduction kj cidade amounts nova pendant nuclear obra anxiety functionality vice vl earned depois mos nett
recipes referred leather quotes dropped unos dollar verder worker collections primarily coloc meals conta tox hyper
residential attractive pant goede bann şi mana smartphone leswaku cock industries python anders zonder väl wallet
tack languages combat printed manufacturers historia més reputation trem campo categor streaming sino productos
convent transmission fuck utf comunic religion maison sid grass sink savoir targets grew það menc emit qualité efter
kernel bench wouldn consideration bilen dorm gaz statist ellos forecast lebih marks firms sf maf mei pipe propose
sour kommer journ ds vista kho lange slowly vinden remind developers había repeat banks strip returning vm
contribute automatic hole cc té intelligence somewhere kull profesional temporary controlled characteristics humans
keyboard marca jaw viagra association legs gemaakt togg hoping crew sant sorry seguir aantal improving discr
objective abandon reun enn jamais rien weit achieved oz attorney đã rose opinions graduate elem produk politics
lowest satisfied daha chip prakt unsere explicit duty preparation accum lain mata cute realized ntawm nouveau hen
clothing thiab trouver removal tone ange gab literature ry får aggreg repository programming casos ekki rond modelo
durable steeds dys ptr compart decade underst walked bridge exceed meetings moral pricing rede organized requirement
alum sondern kau rc judge sigu ruim scholar primeiro urg nwere asc bereits flavor própr pág bags presente mile moist
dental paths boss suggests už idi lum flood recycl müssen vorm concerning blow première laser closing officers fits
spo ultimate equivalent outro pid alarm breast overs expenses spel principles processed dst produits instances
clicking deploy mortgage cliente cheese fert necessarily þess conten zwischen zam ontwikk explan lesson lady lava
east gallery disposit agua legisl ersten avez inch closely instal fprintf electron kuf privile staan meter kui
landscape stabil khi transportation enables mineral libr jouw anymore barr sólo undert navigate lem év directed
extreme rund staying legis illness fyrir batt capabilities alguns kõ sta dreams nang concepts alive kuma lucky
rotation agora victory usuario illegal homem pep heading stake ngo cerca consumption opposite plug hoje tú jar
tijdens involves potentially compute pä minim linear commands uch outras ora communicate modules heav tex incredibly
decent accessories dieses addr javafx fluid estava gore déf swi chunk borrow dun advantages gli strategic semi lieu
slee generator regardless dimensions animated tutorial translation inclu nights architecture notify increment warn
fishing rural sú cry nr insight attach opens surve muri encoding sollte sync bun infect finger embr pulled prze
anterior narrow présent değ existence kā chap proposal repeated producing muchos optimal exports zoom votes natuurl
parl informatie outcome editing exposed filed seller aval baz proceso rice processo breaking exterior counsel aunque
leer accomplish ware ji allerg dese blogs grinding prendre developer zwe barn maps spark señ nueva certified sexo
erot pk enem kep communications causing guer founded promotion gad threshold dados stuck satisfaction penal kwe obs
effet geven estable popul pw respectively fais waard lies punto infection hak hosp producer tact somewhat resultados
sustainable ras oma réal bowl letz diagnostic sensitive gall cig bonne quanto spoke impression permite personality
atrav revel tons cabe gig dazu yar avons yer proxy mend sauce obviously dina popula restore desktop sos denn
nouvelle werken kinderen orden utilize estimate mold identifier bearing convenience elkaar memories pounds enjoying
expansion evil puzz elegant fiction acts historic assignment talks sco jeu richt lifetime suddenly yours sø lij
mattress applying soph rounded restrictions enfants công kart compatible profiles outcomes heads printing pairs fø
utils difficulty sog sod oven managers ort sq destr prohib asi naturally timestamp prost parece peer nullable
utility integration cord nab redes precio struggle gee broker ownership telefon xa pig pasado vere recib indicates
spre workshop argv cd crush cosas arrival falta brush rin sunt nosso covering distrib junto translate diseases cres
från afraid treatments frag directions derived zurück propor çok fiscal ling screens gau drinking isset packaging
algunos respective toggle slide recherche ging langs drama explos negoti seats injuries qa oral ratings comprar lég
reducing bene exceptional wereld macht humor laugh chun everywhere pole bunch suffering tb abort subt electricity
increasingly matr effic servicio careful ultimately uku acquire dob dirig rip política además eks fen saat će acting
mereka surf dagen dial franch mood rak ignored víde forgot rely nécess kak manier coordin cá gag eo helper gorgeous
zeer fixture embargo exhaust drawn meest revolution fare aggress buiten sentido watched ofere blend combin zie inté
blind wins carrying complicated mettre mitt opts nossa certific lug inm buyers streets vaak vertex committee patr
yan references interactive representing mysql driven exec dual neuen heating kommt lé kwal explains suppliers okay
sve logged doctors configur seks riv coup phones offices ocean maakt backup pp dealer stayed libre swap trusted
findings recuper horizontal sect frames tien mate transf último spots verl pouco entert oppon pocket joining appli
wireless contacts retain trois twenty jard intellect incorrect destin weil dub supplier entering lean unexpected
fotos admit coronavirus primeira belangrijk handles ativ aside dost talked charset weet responsabil peak calc
scenario stages calculated engaged revol approaches falls années duas overwhel authentic dijo accommodation yoga ie
gross gentle elabor ár duplic facile gele podemos willen hvor này essays því minder troub vun flower coord listings
wondering reven chamb dolor alto decrease auc receiver noss recursos mise cómo heute leaf që isinstance pixel oleh
organisation configure kons greatly olduğ tired sama distribut dez shots cargo preced dó residence civ lief ngok
allen outer vezes claimed tekn recognition initially qq möglich rav ic improv liber traveling dele alias além victim
centers envi brilliant atual facebook provinc cun bedrooms stations involving lawyer dor inject hors leuk brit synd
bastante tonight weapons mientras što buen aku kunye cls bos persoon additionally speaker kein cabin hex jet
swimming alongside cod servers defect constitu fís falling confront kud invite strange oss orange fim nes herr
surprising hast believes comport tule verschied simples zoek transformation invited proport stup dá ung salud papel
stub entities caut personne disappe lake mejores gleich literally unus exemple pace orang demo conclusion mieux unw
neither texto evento zeker luz dla passage aver fecha viewing iedere cref curso ensuring pai enthusi deuts bass sty
sout studied evolution aquí mest tranqu meets veces bord femin porte enqu seiner caps bull keyword fotograf incent
preferences writes reveal posible nick verdade wirk ion measured crypto brasile robust rapidly wrapper ow trash
maintaining hacia lands música aange medication cru tale packed rising krijgen kra aquest medi holidays vraag mà
destac koj oy rek mã propag certification venue ihn gewoon merely millones hint vraiment alleged xs një pleasant
jaren introduce kod participation bole yards agenda livre loving focuses hart seb understood graag supplied causa
parallel trata pir tied oft erre healing abund attended contribution mari demande nuestros tarde describes hil deel
reste regel vess seq tweet broke thousand chest accordance mint meine ought unserer efic pride indicated frequent
producto jorn nim bills lou gå weapon infer deleg ceux xi maintained merch reserve portal nah insights eka sécur
drinks plat arc stronger bron kant fraud diesen calm travers representative tradem peso decimal spa computers ops
awarded banyak fj neutral cogn px mechanism chef harder fog pref zusammen specify retirement municipal synth
artificial wp climb erh nit newsletter sä curs hoof numero tes wanting knock skr volunt beneficial scenes mr deber
smoke jako ine pla lj begr parce lens flights awards beds graphic stellen mature photography gh gate eskorte phrase
nau países spir einmal nest pouvoir arom strongly scored midd eggs tissue arte demands amenities sér universities
jeden oficial simult sharp unlock typename cuid lahko pend fruits aer depression sicher elke pf amigos pequ
precision selv thrown attitude estamos entrance represented rated git cnt komb legislation ley muchas servicios
scientists gotten bild mars ids studying menjadi gost negoc sched weten bé stap laid tudi ache mum telephone sees
damaged jen tape forme questo kug ense pec mixture piano colleges perí promin geg poc trailer lol earnings inhib ihm
composition experiencia purchases boards templates blir stood mh vita nursing selon prescription behalf density ric
pets europe phenomen loyal analys ska shirt curve mongoose geno ambiente trips dette confirmation ihren cuisine
clubs measurement jenter preparing giant sareng fost tick kami verr besoin proyecto steht satu faculty passer emple
confort apa quit pelos tla powers largely attempts concentration hack employed enhancement bli onclick ski mae
convey intense bean belle cp everybody compensation transpar cycl transparent amp plata strike acordo bob stability
deriv focusing gained paragraph stom kommun celui integrity genuine lambda performances preview hosted tooth tako
recept yu kommen fakt underlying loud após inher seeds algu aims développ sto classroom periods permitted
coordinates acquired resident pizza pregnancy sala zd mange centr franc defend pending continuous dernier discounts
ici reviewed mx controvers coupon seper internacional flying mirror cardi hopes fed examine kao expanded condu
ejemplo produtos fd demonstrate buyer kim stocks interpre femme drei nose próximo themes discre seasons tare
romantic iš personn intention pint jedoch banc engines hore aang petite pog applies produces souvent según obten
immun haber desper csv nge yaş engaging accounting cotton puedes nemen när ihrer beb aircraft haut shoulder
abilities cement latter weren cfg browse są vragen bucket surt divided compañ signing ebook conscious sabe arqu drie
seguridad crian temperatures elseif juego disput ladies belt highlights bibli fails três ii detected converted mož
instruct grace recl bitcoin odds terrible upang detection compliment ate gle mano terse consequences europ allem
flour através éta rah paras locale beter vintage answered filling targeted preoc weights tão kullan ips lei passen
moon curl regards fh fp mín gebruikt sanit birds overview cooper pilot saya informações ata zdrav army klass dij oq
delivering removing conventional cinco propriet pupp tournament marc þe mistake dismiss futuro volgende apparently
busca overflow extraord tama hoch followers mujeres projeto wichtig når gros choix fos desarrollo pud erfol losses
gonna câ basketball klein cancell employer cuer protagon universe improvements relating misma involve schnell
contracts viz childhood globe diagnosis estaba thinks bietet então kü jeder claro perspect weird kama nb stimul
whilst delegate dl clone sne acab portable remained parad downtown gerne pele mõ wirklich mism cats luego zullen
passionate trick hari smell ky sik hann entrada bijvoorbeeld victims emotions printer deste või fiber visitor ello
wanneer hosts diversity acres soy cosa newspaper activation casi zoo tens económ coins chronic dod nós catal
coaching viewed counts arrested golden placement locate volta waves safely sint terra voll signals palab riding
instantly interviews measurements houden maxim possível museum realmente côt sought cryptoc subsequent hug radical
pense lazy oor repet distribute pessoa andre metrics surge flip subscribe scratch initiative fulfill flexibility chu
proto cameras spray deeper champion apt passes kako spell fade assistant displays út essentially ler enfer
natuurlijk boek baj besten substr loads examination disfr bulk threads divid moe ultra faced dishes afect equally
contributions argc fö bara verified quiz última classe utilizing læ libro promo ambient mistakes bog designers appet
dign discussions expense corps rag exemplo rab killing nez encouraged stamp eval nations ald personalized evitar
ultr kamp cere sr deeply pipeline sprintf buena visits produit connecting colleagues newest shapes gebruiken
exploring bajo milit dx thai importantes vriend inclusive declared tersebut analyst merg groupe symbols cuts meters
investing revers conclus nghi prize mechanical experiencing distingu processor aamma bedrijf singer orientation
skilled rese llevar yoo toll gé rhs qualidade promoting aha hàng dao western début handled facilit fifth credentials
gestion sinn würde laatste cater uid breaks behaviour screening interrupt soir spacious stylish suspect bands locked
somebody vuel ener enumerate electro soup racing toen ari sehen equals endpoint finest dort declare aseg dependent
investments compra kontakt speakers valores welche onge memil decoration niños dtype vont keywords kanggo sop
reaching ain tinha celebration christ solely struggling drain territor piè düş modification shipped vamos smoking
episodes nella adopted thesis operators roots ries injured hiring attending juice intim essere steam stops stark
crack vào kale wider wedi jogo droit zelfs couples pregnant universal communic rubber inser donne ensures sais
checkout cultura seinen pří myth onderzoek dov roads système spielen objectives làm swing muscles css velocity mooie
appreciated hearts cow likewise pointed artikel hing waters integral chron ym anniversary planta zar sujet toilet
guides forg gant história dv mab visa survive penis grateful burning eind eben floors dha supplements vitamin españ
desta credits voork pues expr edited incon tard bounds benefici loose estimates impr myös brut llev lun philosophy
constructed bele siz emotion nast println mong landing carte spar gum particles slice prez đó mí medida pais romance
único wise obtaining ceremony neste exig reception zaman nutrition tear naz apple indices coordinate acknowled cyl
lamp environments prij vegetables nichts instruments holes etter admission toy ingen cic deadline divert algumas
français afirm terrain discovery gur café loader authentication diplom général põ hanging famille difí enforcement
surtout impressed respir calories kostenlos sleeping últimos tries vad alignment bev aba unusual rolling province
analyze ime principle explanation foo prayer kwam frá página fueron curios folk données veloc oraz thro helt vanaf
refriger grave fals ranking worried liegt surfaces whereas samo workout ordinary dedic virtually cambio frem
snapshot plugins sonra happiness versus opposed sebagai hover certains scanner headed tomar lagu secur salv
exercises disso formats heaven acuerdo ise enjoyable plast conseguir exclusively retour vue interactions fewer swo
irrit estilo pause consolid endif excit indoor sudah gc sia talented worship founder strlen monet iterator refers
tire seal voi geeignet nin authorized washing drives officially uuid executed substance consultation kai enhanced
teg herm cil sociales rewards picking panels baseball ping camping bhe cyber recipient cheg recall cui ward wilt
southern mme trouve zwar gracias pip equity surely ordering ně simulation stainless sock incluso telah excell
elected proxim ima partido lå outra releases fantasy cbd veteran lö conocer amongst mě sai precisa corpo qua jede
destroyed opl sorts profess wenig somehow retrieve constraints possibilities vendor asks anchor pixels pyg kole
cabinet czy grö liability ani quan parsed ukuba während pé mild disorder digest bases meth agreements creativity
pushed arbitr crop ena closest chips dispar orphan participating rival hydro kval suffered raising dific annoy sung
entend toys vitam kek wooden rè geeft pikeun forte trag bila besl patio encode ovat línea näch pisc survival tuple
wed vooral aby welke letting ró tym sla attrs yy luch campaigns investigate kaz matched infant divorce troubles
experimental cantidad dau bied eliminate popularity uv vic maand nosotros gin utilizar consistently bhf cone median
canal suck sana menor alternatives seis tart serr partition çalış betre femmes publishing reads sep cheaper représ
announce geben freel crédit juste üçün employers sentir deput ranging klar pb grâce conversations lung depos wand
jer observe selecting hana denne wollen boven visto duties capability kuri council neighbors résult provision saúde
announcement zodat emphas banking avg precise fase lø eins norske gens quad kro poč sok wheels advise liste exempl
ende isi coinc trên empower einige koh hombre volunteers demonstrated milli jewelry colours situated kiss sess cand
sue repo yii notamment avis compete pepper celle slim keen grades fá tension spectrum overcome wrapped samt erhalten
seam mutta emoc breed stomach coisa bers inflamm mathemat absence ndzi immune hè ignor accompany timing probe bullet
têm dét audit mell entitled precious bewe boa cerr huid franchise filtered gat rotate lecture royal chì indicator
inspection combo ala sommes operated shed dirty decode photographs imports modes offre networking seulement emerging
intelligent beschik spare fung runtime proporcion aged aimed queries qualify anger jir verbose vara appliances ech
remarkable société terre terc procur disponible rescue dafür decline enfr delivers intervention går rarely arriv
decid qab natürlich aujourd doel laund anál beet hemos iba mou pobl typedef bell pg downloaded comercial rang aprend
stuk sû gray produto ranked hill paste regulatory trials vielen attachment drops muitas período pagk worn ther
experi mj paz timely alk nije gibi stir regulation sécurité vivo courage largo donner difícil voz fingers actors
bakal constr mex occasions lease confer metabol nz mountains outline bb diss publisher engineers relação buscar
grond jing seguro ethn minds workplace sacr dever lb transmit overse élect diameter edu tej weigh financing ervaring
venta mins tipos captured proved nhà práct grey dinero moż mediante tours coisas abroad konnte acquisition cadre
invention frozen wisdom dialogue ajust dispose här balls regime initiatives genetic dien entertaining sic carrier
água toxic zm départ appointed consecut mula elementos shit karena opposition outputs ceiling recomend aprove
motivation dak rapp superb muitos vien farmers voltage associate temporada especí sangat carpet cuerpo hå profits
sağ seperti spins palav amend dum helemaal estudi identical seria enkele bacteria busc exhibition beiden tk fastest
voord evit tong tablets conjunto resulted ligt balanced hybrid vaccine intellectual wit produkt distint encuentra
assault volled serviços descon siis tenemos discipl haw situación etern bezoek relación fired där probable baking
foam lw prue elsewhere année tiles uniqu colabor aura nota litt appart bother bund cé bás toim gute cerc
administrative seul provoc belongs cannabis salon ensemble jej hopefully pygame advers nooit kala thành verse fora
tad productivity heavily hanya wäre significa cade carro automated lite blev ég irr allemaal bureau varios ghost
sociale zin actividades analytics santé geometry tren operational repairs tung toeg algunas developments handy paso
fallen stehen nesta breat singing hd bepa placing ranges entrepreneur creator customized restrict synchronized
legacy identification imagen contrat rése hence anak nombreux persist gehen meaningful ers sheets aý abril maker
curriculum insan aest habits recr auction courts assez vídeo kannst emissions façon lst accused loko pouv deserve
quoi thoroughly upgr secrets northern kuj walks restart alguna governments fatal zot tourist hos offline chrom chois
xxx crist uitge genau ws brothers letzten bt preserve gep ull habil saka côté archive chemicals giá addressed crear
mein psy nya comedy mesma inaug constitution tender béné invit tennis charm atend ships curious bekend locally
marketplace bib nuk bard suited jum bust deaths magnetic anjeun surrounded hauv loo ves utilized dua beber tensor
ktor écr réalis mooi fabulous sufic sectors blijven fascinating specialized astr cous televis segments nervous elder
rush impacts muse fraction då importantly prints affects dysfunction denen aluminum denied registry vine aanb
disability movements naken particuli cancellation arrow mez twitter pray submission painted pasta ner yana skulle
berm reflex dimin spam particle insect koje nama stupid slides organisations disorders completo gevo horror obras
krit volunteer kennen yaz separated bonuses inev przez lider resolved agosto informations waa approx soldiers norsk
gathered masa pursue enemies fuera gerade apost prospects corn wsz espacio wishes medidas dép compét acceptable coat
tho actu chairs sculpt pasar membr harvest teng declaration anv grounds ople êtes jeune bzw më libraries zones statt
propri volatile mug erect compress babies responded aand unlimited intro typing daga fid lar homework jih prominent
toast dú merk tt sug kepada ecos tm hospitals makeup workshops mn vem scar startup iedereen efficiently crimes
offensive ske yra charging pagina extens ego wohl advised industri vain slip besser bite soccer geval violent trap
kla extraordinary diversos cultiv marché sib gathering abord governo favorites heures relaxing responsive echter bū
versatile inspire cooling oldest hod tutti hizo pressed formas tav vendors pracht computing pover fato pushing
venture generations outs envol atom visibility elk fins oxygen unlike fich manually plais portrait admitted kunst
actively llegar mä spokes companion semaine overnight vulnerable disaster doet livro grund plut svoj gior
verification eerst lekker filme única extensions dummy pau forums coeff damer économ dirt updating aún diferente
lightweight genes hass sagt considerable rg judgment pena consid medications hai prol macro unc indu accompan magaz
arrangements voting charity dessa settlement lac mystery druk descriptor luc branches finishing intensity appel
powered bile cumpl reservation vindt optimization vš adequate festiv revert cultures antib penalty perder winners
indicating ros navbar cree arena structural crate promises admissions będ vz maks attempting ked thé collective
roulette knee anytime clicked hitting sevent composed weitere comenz iyi endless evaluated expres mulheres narrative
olla sofa pensar nik tengo anth aspir ake prav rim yake leh portions krijgt sext copper guilty bö caring pública
ingredient consume yen apo participant beautifully reveals september duur thumb scal groep probability deport cen
hyn dém trava tremend publications collision hina navig effectiveness raison epoch anunc denken zá recommendation
bieten prolong euch manière več boundary seront près thermal stan siv atención endorse unas ports üçin nord
elections hunting legitimate scalar kwaye imagin principalmente cuatro répond predictions maat pää bilan detal recip
jurisd struck janu thy gouver waxa áreas completing gud zorgen gewe hø sized leswi browsing puntos tsy naam metric
dizer tahun kre hed enquanto vibrant compiled vocal rings accommodate ugu jazz który nearest grupos specialists
erste races tower neuro helpen zat stays qhov competitors nye rocks anybody usuarios containers foar blocked ubic
grain appare både theater pli controle dira ausge athletes cruise dins conect jov obtener läng família attractions
dado ficar moderne voters muaj ekonom outfit hap variations bik sitio ff harus discipline liberal vro receives cikin
logs slic bs refuge specifications definitions sogar tc szer artwork experiments physics nti satisfy darauf voyage
shortly projekt kuv expanding innoc siya conte entra développement över ott funct ress hardly scala brick teve
spectacular edil departments upr naa iemand fantast texts schol territory grip kadar fiz shade siè prediction pale
viewers designing preference problème batteries retir gains threats boiler salle ohun orth kata lasting ties
boundaries voted potent audi opacity progressive nej kijken nave resto gobierno immigr voorzien rode dramatic
establishment cep maintenant straightforward kuch viene individu serait scoring werkt bok unders uf einz geral
disappointed nobody stmt kaw emphasis houd które physically administer wellness futhi barely thuis lp championship
dank xu requis memiliki actress anni etwa bert enroll mung anime patent concl ond expecting floating exped roku
komple uncert eenvoud explo transferred relativ klanten horses variation physician sons prostit voit spelen
rencontre liver ceil suppose nood confused cpu nip parks isa mostrar predicted edad difficulties seni différents
noche superfic poverty prospect moisture homme reconoc waardoor dio biedt april juegos boots möchte plein
cooperation psychological bail juni biti lemon tér fez serviço crystal spoken gemeins nep licht representatives
kwenye radiation comer roughly aumento elles politique gemacht invoice bater angry onye avatar invoke diamond roller
lobby squad beide flor partes vars indirect dear amet plates operates beans sollten adoption inu películ contractor
landsc besonders conqu réc prevention succes trabalh arranged sophisticated arrange monster cient época facilitate
theoret kie bets forsk excitement prijs cure pist tweede visita manufactured caract cyn desp aans assured quelque
unlikely eux suppress protecting alike diseño aggressive varied rejected zitten activate restricted epic mok tête
disag selle especialmente beliefs nebo licenses siguiente differently infections direito neur vele estad browsers
nail junk betek addiction inflater voices flux settle fica waarin entonces dela piss logical apparent recre vår
dalla laundry iche thì biological erw fas uploaded maak honey trituradora stopping disponibles seinem molecular
consulting priced excessive começ preval pics beam ferm inspect condi nicely vera zad nossos segurança strain
unseren satellite ais secara eigenen eus jacket laboratory scatter tand retired schw fork moderate donation lawn
cush compound hunt zag generating sprite producten verið receipt provisions grants enabling roman fles haya koe
verde implementing garbage accred jó td bhfuil generous forex vál proportion ayuda nouv könnte preocup engineer
jullie ponto mounted objeto pemb informative appetite choses deu tias ofrece aquell submitting diversas mc precisely
infra lips outlet intend tao tamp lässt caller synthetic flooring idee aire entrar þá relaxed oils hé domic verst
combust trainer intake limitation suka diagram aplik principales wherever zab argue entrev knowledgeable kasut líder
blame région tears metros dí funktion rentals iconic escal picks profiss banner declarations verte suits cols calor
promised rv identifying lagi practition stav journée déi mare tackle fract wol menn shorter fres lg surgical bieden
silence tenho deur še overwhelming akka vse mening burst crushers siendo dür mechanisms punch heap lyrics contempl
verand passengers tõ poin accomplished burg contributed vär hans parti dece observation fak voldo necesario inicial
facial celebrated automation ferr cabo banda bona pontos hafa classified lookup leyi jos prospective tempt sealed
balcon solving pharmac yeah compassion productive realidad proteins november beho damages steady opr entender interv
comic niv offense ejerc pollution prend vrouw cialis dejar scholarship feito lawyers puzzle davon outdoors beloved
magical ary occasionally lal longest conditioning devant finns equipe defines aproxim gluc dinheiro mayoría meilleur
cinema disclaimer achievement neat patron vertr chan relat preserv advertis complaints inscr complexity hypoth
potreb possession vacuum desert shine energie notifications defaults totalmente milhões rx circular domingo cleaned
esqu thirty confidential accent rif indent soap oe tbl clinic espaço shi reliability reload realistic modifier cav
nuevos prip destruction assumed perc wah incorporate parcel avent silent respe bude oku settled deemed adolesc nurse
rounds separately retailers unsafe chauff finale quais consumo tienes lex hp tradicional incoming temas
desenvolvimento english badan flush autonom momentos escrib sorte digits arb piel heritage harmon configured kend
divis speaks peaceful dc entrega però gia uy reporter editorial joka mostr produção hinter photographer déb optical
baik cooked hired replica sketch teil verdad purple guerra vod moto intelig dès zač populations supporters mesa
ethnic naš enorme passar lanç eager richtig sequ rw schrij pension completa aggregate ocas bois suspension nouvelles
ramp lavor kne explode schö friendship trucks irre ding volumes accompanied varias youtube penetr behavi impres
migrations jeung toi jär exploration nuts feeding numa adap blanc ruh melhores lying chim jy mesure automatis
blockchain sd junior noite males desem reactions acompanh petits poetry dancing saison albums ij patience sits yam
promotions contar bland brug tabs unused august tune producers mash excelente mush shouldn poj tricks führ
encouraging restriction gor constants podría sut suk crít niche novembre mø cél elite saj adjusted salad cheer mú
forne zowel simultaneously stil refused alm collapse niin twist mots independently jail villa fitted barrier
vertices assure estre devast lil contamin cryptocurrency dek substitute marijuana chemistry attempted ministry
actividad suggestion ecosystem uč acceso mina eslint customize confusion secured dozen harmful immers outr divide
chol unem closure opponent intuit imagination capacidad sebel booked begun živ trom transformed jeux aad prv dici
reduces installing charts salah nts memorable kennis blijft ital visite ninu adecu lent shelter blogging ark bash
spawn taf quase prac makers tenant quy marque carre cups chuy leak repar embedded etm ngày schön gebied inne vite
sagen defensive tekst titre beef upor temple involvement ipsum është vå invers alien weakness annan rt bookmark
grill contributors modifications doğ arrays backend sistemas veilig excellence rá determining lucr wię kuin porta
zaj degli lua thickness reden rolled sábado souha findet paling ears mama relate dash teu realm tires geom godt
hommes comparable portr knife malloc hæ pants acceptance mixing descr dare watches qar humano fitting stones empez
worlds capaz brace coaches implant jeunes hefur beso orn lovers angular fines strictly tua bottles kwargs waist
enjoys gilt publicly guns conservation enormous destinations gusta defeat alimentos unserem procent nui sake atrás
passenger examined fè closet carries firebase acesso beberapa adjacent infr viral valve saja mundial analog uc
kwaliteit earning acredit göz meiner denomin observations convin þeir havia nour tij asist harmony vente energia
shar renamed zem graf wana travaux sentiment prosper região drove toss dokument gevol machinery exceptions denk
burden bugs ema fod woll consultant runner niets yay zeggen treating ukuthi popup destruct pourquoi designated shoe
streams cleanup compt requiring hw dai painful bitmap koja aper queda pagar centuries parfait lately uchun jal
espect gui interpretation kou pione countless zegt myster furnished snack contacted ami knr inbox easiest fancy
lorsque inflation marine graduated năm combines bate figured convention gov beneath én vlo backed boring aprender
autour warehouse před sx geworden phrases kaufen ruimte responsable ocup rb eten producción dock falar carp ór
derecho pelas scripts cached interven juin maneira corners matplotlib deben ihrem couch dernière hef obsc lingu
honestly qil zen motivo hood statistical herramient norge tür scanf quis zom modelos artistic exclude antibi tp
suspend amigo luk durant classification conservative disturb familie eftir separation condiciones polar pedido negó
pourrait applicants osc assort serão slider kunne programma arrives godine neighbour halt readily breathing samp çı
subtle eps obligation energet adventures transporte injection senza hanno priorit ensuite dara sensors volgens tó
presidential pile beaches duk dropdown qualities nuevas reflection registro pus overseas swim loro tj temos lover
linha deliber politi merchandise mutual deployment nc péri máximo towns artículo apartments replacing analyt spy
delighted coupons respuesta american discussing jeans sandwich resolver yat decreased apolog unset anonymous wiki
quadr diesel komm waarbij plante jsou determination lane horn collecting semester ard öff plutôt motivated mandatory
masks crown altura programmes achieving prep kwi flavors tropical bör vanuit organize hasn buhok wu temperatura eco
glasses charming tomb descriptions entwick journalist strive lod icons panor shaped panic gram girlfriend persone
desse pickup gardens bola bend stret mente bata therapeut erkl metro reminder wifi germ hơn pulling forgotten comply
cód wing wildlife kits promet immigration spraw tray oktober sends título trouv investor kingdom aa anten awk inexp
elastic derm tuition mv tug boyfriend crianças dashboard reson initialized transit inger probleem minus vc builds
heure mall wissen cass filing zg président vient continuously glory strengthen sucesso clic phi locals spécial
optimize precios duidelijk lý shame juiste poner plumbing webcam kis compile tract onderste membres bubble
consisting grocery usted beetje technological suo speeds baw inspiring delayed spouse tow isto departure troops
iphone realizado leicht reflects passé colored observer sentences ct tud gradient quotid algún découvrir delen njih
gamma pasa heraus throwing fou heal laga lhe dynamics worm rehe hello relatives plaisir resize poh dup şek nuit tay
iya ranks magnific estudio mali namelijk kilom gou classical estratég labour vrouwen propre complimentary cao bones
careers entrepreneurs vand notable taman significance jav gemeente calculation violation notion taama unterschied
latitude tarj sweep tops enk tumor composite striking travelers oll embarr équip venda dingen punct volupt adel mast
unfortunately peers mie deter musicians replic consecutive dying commod clicks glas loin affairs associations aya
espera plataforma questa sociais atividades hammer ambos bekannt tsis bilo impuls mara zetten créer lokal tourism
listeners deixar persön offerings membuat sellers treats surviv blessed posterior shelf étaient befind diagnosed
permits inserted retreat verh carg wszyst vegan humanity duplicate activated quienes ebe gradually oploss protective
zav genoeg lut tabi manten entreprises shield pine encountered bijna measuring warnings respecto resistant impacto
bekommen pago audiences encoded titled nær touched svar indem novos enige preciso electronics alan tuk heter gera
momentum gastr lugares invis interesse tert upset empreg quatre deciding longitude tota hver vá besar buk zz
projection conex acknowledge trademark minuten rack literal subscribers chính aplicación rij newer fool owns
sensitivity mañ draws hah huk embrace pedi colorful stride poem üz bilder algum loi mascul niya contractors rd
traditions starter auss wegen lien ihnen chamber febru différentes vagy añ basa saa capit barg influenced drž austr
irgend erm iyong recruitment seda misschien cuanto reserves início mantener bahwa marzo assignments cycles mete
analyzed instructor triangle ls oro seeks suicide analyses tales meeste kū pase concluded triple eventos ritual
directors investigated plek obrig ock lbs devoted accepting anticipated wow dough karakter adquir obligations bruk
jwt taille hobby veut imaging basement participar pove valeur planes jot theo hir vanhu aucun initialization rápido
converter vários eis satur sip algorithms abrir grammar descub attendance colspan trails joke rm pav utter amid
aider gara ntchito minimize jsem handful presid united exhibit micros massa compression slag perception erro debido
teh workforce pne monument bids rud inquiry receber corporations commerce refuse rehabil mewn stakeholders kond chac
semua circulation mats carb poison debris pandas entreprise dul yuav geï twin experiência chin seule tenía mann
contrad integrate acept bør sponsored intersection recycling syndrome equation büy durability malo promising abantu
compatibility artik programas sociedad highlighted implications allocated india resil estabele lori pockets hazard
tier abb freq armed quasi stør rédu missions hadden palette yek december dens devem licha pins ervoor tenha theatre
demon inkl muita köz fence comparing smallest hud plano bum sklearn keb ofic dozens fark vam clever derr bonds dahil
septembre attraction lounge cleared hombres welcoming trades pia accompanying bons zeros valued performs norte
basics desaf adres vidéo inclusion nerve queen travelling badge bağ traders gently scenarios handed gedaan grows
melt isolated zug mainstream seating yeni kara courtesy aging rgb duo bolsa affirm pane pond reaches renowned tego
longo gelegen woon waxaa essence donations gaining vinyl mês minerals humanos infected downloads backyard sg peny
brengen trauma aik heer regret traitement mba pren vre retrofit equipos inhab agricultural sweat weniger thereby
disposal sail dile difficile hoofd cancelled allerdings remodel sheeg foster perg kurz desires blackjack accidents
oud unterstüt vér kleinen vat vikt freely accessed documentary servir markers lottery copied sixth candy drum regex
judicial estruct chant caption beings authorization seç nombreuses hassle semanas sciences leo wicht chains puesto
också aga certo dominant failing principais ating trek flows asoci représent somos mycket tongue estou blogger slave
reis vrai decorated przed äh woning geleden citizen affiliates gd juli regarded nuestras fier verste annotation
fragr hvis jury dab overlook profitable tôi garlic alumn ios celebrating incorporated noi chr ila biom talents saves
iste pratique profissional storing taxi hiyo renderer tremendous keinen fertil fille fireplace rendering stolen
preço luxurious implicit magazines ruling gevoel blade funded feas lijkt convinced glm inferior cole wager rus hacen
criticism mav bathrooms semble hatten entren describing traits bagi europé soort référ ene venir swa mogu specialty
evident dissol subscriber estat terme unnecessary vais smartphones stato molto ziet identific propio petition jika
cultur ayud exams ait clips boom traz parler rewarding remed eigenlijk adjustable kotlin verschiedenen rally primero
manufacture independence nehmen ofrec translated eigentlich ae grands sisters weiterhin investigación nécessaire
theta muut affiliated olive hev cognitive desap pharmacy nationwide harsh psychology intimate milieu fame iteration
rapidement searches indispens killer hamb nm flaw alternate uyg dressed embed terwijl promotional profund assass
showcase mua zna esos utiliser vost mensaje camps bestaat vervol prelim dj triggered senc counting nhân dive tattoo
rational escre locales carne aktu cách atte aport patri distinctive janvier peux hyg specially eða nec documento
compose internationale geweest máquina roto suur flere hereby democracy chegar nig ogni dentist worthy hiking þar
suffix hva publi hoop elektron clase jogos allt deposits finde angles matér sammen straw affecting sélection thông
complain dropping jira profil oferta mapper centres cientí permainan creatures joker subsid quoted nač meget screw
necessário eastern compounds próxim corruption jewe expressions invitation corporation meisten spont besides calend
hesitate damp palabras absorb legendary logout quiere suggesting gus ingres completamente gratu guided
sustainability elevation paintings descob preventing passado kandi ilk globally addressing lanz jas dressing drawer
subsidi otu correction automotive novas replied opera phosph proposals italian notified leuke wage yena hó horrible
demanding zas hungry wides contributor pratic novels prise ontst automobile presenting syr possui formatted
combinations stell beginnen pulse iw searched úr skup feliz plasma sampling contato underground potencial
downloading camino lenders mình leve schwer kry redd elderly grasp foss quatro agriculture acute chrome wad
persistent cleaner funciona roses china moda nouveaux erz merupakan functioning summar congr bero socio usando
indexed cellular literary kell bikes berg dealt churches blocking metals accordingly kiezen médico sinh footage
vessel essent nên adjustment chapters hic threw costly sofort disco enkel empr seemingly estoy ondernem accurately
specification mysterious controlling wyk alguma tends creo requer badly naked tee crise uga substances sword stitch
maanden frais heated withdrawal workflow maximize ajudar referring sqrt analyse xx passa disrupt mobility mice esas
multipl pik surveillance spatial contacto pest ups mayo fleet editors kø overl restoration hemp còn vão promoc morte
contrato acompañ cabinets toile elemento supportive cave nje delicate sponsor modeling ações accepts inay seniors
hình zorgt deine ix contributing verwij appealing firma emerged remembered cores darkness awful agrade cheapest
programm assists dissertation éc contenido xe cx traf carga normalize individually nac augment nich suspended
vielleicht calculator praise konk hills situação airline dana pacientes fought št pivot messaging può traged ação
costume feder waxay dyn dependencies lor taraf volledig vona packing kleur omgeving leid parfois bergen pueda aft
memor bya sov validator needing dilig characteristic discrimination uncomfortable annually revision shoulders rendre
pear zi nutrients karşı liegen presentations méth compelling shaft hink lob sede mañana interfaces jau spann twelve
varieties varying gameplay blast shake disposition palm teens dried doivent beschikbaar nl taj footer politicians
suli hvordan üzer appearing viewer commence verður constraint holy timeline appreciation pesar mma veya yol gepl
minn soms governor hjá fridge leren présente somm societ banned daarom rue tyl lighter sost forming wc alma compagn
eher vive sine manif rapide nationale dzie peg técnica medios osob stu prizes rendered electrón seasonal
profissionais diseñ pér ellas dresses uncertainty berk bearings gravity kopen warned clang aq topl opción kakhulu
gummies pags imported criar seleccion tutto kanyang võib bush tala función yw útil shades frm zeigt chemin derechos
expans dang pueblo touches adapted simplement kaya personen ýa artigo tailored sooner administrator oude pressing
esses ampli comprises fum cùng modèle atá piedra circles kini invested mf bain nev passport quod tuy sociedade vya
bericht scared tunnel zah anz advances än modest highway hey seng switching sorg alunos memset gouvernement
consistency privat simplic idé ieu reflected oxid nws karo gezond intéress homeowners kona materia dto partially
profound allocation doses serta gbog flask behaviors ayudar quo dragon mostra souhait retry bueno sõ matur
explaining coraz competing möchten sacrific gluten padre hjem entanto ngwa disfrutar restored nch conteú ayant
conced syntax pesquisa tol miljo inflammation gn surveys teaches nw sells clause reproduce weekends kong embar malad
passive sensible cine domains beau andra pointing reminded arma próprio uite escorts conforme hei fantas molt jemand
angel bd enfermed fara cambiar reasonably técnico wars teas ïa første elo compiler repeatedly které explicitly hadde
characterized leider competit clarity participated sida adverse boasts healthier concentrate meditation
"""
"""Words that are one token in both `cl100k_base` and `o200k_base`."""

PUNCTUATION = r"""
-- // ** () .. ---- == (" =" **** -> ", (' ). :: -------- __ ', </ ## ==== ******** )) ), ... '] [' ": ($ ">
---------------- ") //// (). #### ') ======== **************** ]. :// ={ ++ [] =' (( ../ ], ); [" ': .... ////////
(), "] !! <? ######## ][ ._ ____ -------------------------------- ================ ./ /* ></ ): ").
******************************** '). ()) ," */ ." >< >> ({ \" ". ',' ${ (); }, "></ ., "," ++) (& >( ])
//////////////// => ../../ )( (_ !-- ")) ################ ([ ________ << %% :" '' {{ /// \\ '. ()-> ........
================================ "" "/ }} ('/ ,' ">< ("# ('# ("/ ?? (! }</ =$ ":"
---------------------------------------------------------------- "), ?. ~~ [: .* ('. ')) :( (- *) ,- [$ __( }/ (@
=\" .) .$ ?: (() .</ **************************************************************** +" )). .' ]] '=> (* )-> }` '],
(: }) :' ("% (): ($_ ()). ]= "+ '][' (` ("\ //////////////////////////////// "); ="# \/ _. =( ="<? '), /** .__ ---
={{ '); (". ________________ ?> ------------ {" !!! "; ################################ )* ="/ %%%% @" ')-> .[ != ];
,$ >{ ']) (__ )/ )); ="{{ ___ ][' {} )), ************************************************************************
"]. ]: || ){ ->_ ................ >' ****** >& ((( $_ =[ '> )[ :@" ="../ )- ([' .- _, !!!! +' && ]-> <!-- *( ~~~~ %,
`, .\ ;& '; ']. ]+ )} ('./ '.$ %. )] >:: ))) :\ ;; )+ }. '+ >\ <= '=>' ())) ?" ":[ ?) :</ {$ ={() >, :[ #+ '} === $(
[- :% /{ ><? ================================================================ "], ?, <<" ;// >) ="" *** ,: += !" ,,
=% ]/ ]* "} #! ("< ([] (/ _( -( "><? %) ------------------------------------------------
"""
"""Runs of punctuation that are one token in `o200k_base`."""
