"""Runs of letters and of punctuation that common tokenizers keep whole.

Taken in merge order (the most frequent first) from OpenAI's published vocabularies (MIT licence), which the tokenizers of
Llama 3 and Qwen extend: https://github.com/openai/tiktoken. For Claude they stand for "common", which is all that the
fitted rows need of them.
"""

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
high after ext even now art eff men una file sup mark many os las gl cal way much dem ho could om ou while said used
try fam og number mo serv years event here play cas print fin key log comple day information item differ pas last
sin tak program word includ text current great ins gener does fa sign because home such free did before num process
provid ya online voor take ste own child view cap das break arg top size sit show ce model using design sal check
world week son book dé him mit think business tot again system call prote cent pa zu point produ being rep mat made
each poss run une ha place qual po cle soc found open ist support create pat como super line cho ku partic ni order
service develop contin method custom quest state next life request those eas follow care mu vol vi array different
oper prov beg expect mov dans mar organ same coun intern local site rece proble style ref really ik pop writ sem ide
main sw net pay qui default au exp commun equ must dan von game conf object direct fun dep available fact hab around
cu rest ta between cour ret wer old say non mais market term error cert ti pu android mus still ang plus auf without
month ak mas disc offer err going both ben project max put page report build uma incre happ ann love leg client seg
come ter als ba std color fri cost second content too path eng few wa hist für port aan ré lim full appro pod access
effect kan ja company message stand spe head ko feel kom pot zijn level document team mill enc bas mem health sure
experience invest field lot ca imp things mag ir small table iss won ki sex mom protect response always consider
present tu change ans perform job range during keep review prom days important aff little techn hum dos three water
expl input va interest better room website ess til link including big ol mult power index school li hard code catch
plan vous family double success got fac within date account exc sam struct something bit beh nicht left group might
element control services special provide red mot dist count bar total base chang another image area since vers body
give gen hot trav war extends sich på har util não kind search air assert social contact record echo bro turn email
gre fore href action bed able bir niet dest anal required less allow address javax looking never target material sus
bool mil param dig title ask context video personal config grow cou mal entre sent indiv boolean profession buy dom
options mes console products money adv price version individ include más avec dev ident children law http fre sn nov
uns aus match za bes following gover mi nos position ing map await short update lat visit uit nil hal today eine sob
mach creat sou dire fut bij obj blog working nu door based lead appe lik comb making occ ze possible far activ kun
meet sever course cam done quality auch research ur yang away alle ay moment cell light label sum understand div
easy vot food vari wel times past four mind along begin source od seem ens throw enjoy house already iz software
side exist deb cover property ten whe given impro download width protected employ block pract called tre mer kw
against results perfect redu cur prim ra large needs benef ny bi float pag thing why din individual win certain este
low camp conc elect respons inte fund learn alg dies via status energ students sort ut thought trad amount neg valid
src hat live having inc ook esc situ land tool display single talk node until ant ich len kon mor func govern cond
treat url educ gro height cult clean mis och load purch simple together nie once items output select wat means
original dit ok card cir actually mean beaut often either makes bad tod problem comput hom supp getting dam values
deal community connect cred mass please sobre amb bon later geb quick ao night specific tal ever story initial
features details natur particip ele author below store continue space several prob recomm emp question ont country
instance cook face enough send phot pur args ét uint clos press example members alt says bal ber study gar host
extra heb financ ach particular become sind city player major others games media sens especial button hold write
necess yet prec kl polit lib stay save autom location favor news pers font nga teach throws sche hours comes oder
complet sav miss women share pie copy above least larg nam friend etc provided focus represent due application
reason season bre row walk pick wait pou sont across compan close period development auto hu move future tamb
writing werden ago track click task offers sie dating doing opportun inn option handle princip gir ev pal bien
common pack sym questions clear ah created zo np comment info typ discuss music users mga pict human subject network
signific started maint ren role tw minutes tele bil compet pred global nh über econom temp tell though hope tout
applic months cy box associ length everything relations strong complete bei está known ges nach obt front points tax
async film whether ple series deg maar inf heart dir young fall respect watch bring db dar choose install eu happen
fast friends stop invol history hor someone wie json query phone pet anim infl popular window industry btn age
unique enter million kh added fit vor strateg sil article wir collection ot uk virt came ih yn fig exam phys aux
character addition near join tim environment previous works hon trab conse override various prop device render wr hi
nd https accept register expected professional terms energy black perm ep limit naar parent went step general
customer chall column companies provides types format server engine dass pen sel member customers contr ek diffic
early weight dim answer idea terr hier government whole took normal indic reading issues password cut apply received
express beautiful suggest coll mel needed events fi anything correct onder training sy switch regard taking delete
center gi draw nous seen internet screen performance among sing lang wonder prior tag session interface impact www
remove auth natural kann rate priv rap loss votre building cannot feature integr actual files relationship sec opp
init tro technology brand command voc exact comfort background platform grand implement worden percent hotel half
sig except sen selected pan words component rights pi living conditions travel management seu believe sites foot
language receive claim dog potential fire staff nog white simply veh five esta ill kar description mut entire hol
dro todo casino ju everyone conv bud nou difficult further stock ger wird deze decl nas root gam emb saf vir ts
token ord additional issue changes han paper cele includes ga yourself sua marketing forward filter mir taken
contract trying connection tech bab ses crit bill refer az areas active however för inde quite reserv ensure student
border mode similar inside einen soon dal tom wor almost running financial separ board plant doc ax modern currently
fan waar sv era problems tab flex stream ful nur prem credit muit jed ded designed office template latest third
famil bank todos aqu fem sab lower significant nothing effort takes regular fill heeft compr bin mid likely fra told
tour usually ready hac especially msg gew ways organiz deliver ib restaur recommend models standard requ risk
probably params reviews kön manufact agre tar digital condition increase according entr cause vez tut plac section
hit lov fail song transform knowledge approach mobile production bag lie happy sales choice fab consum matter couple
related fo recent definit books wanted security bis subs ru dise foi drug players imm yo coming entry req aj pretty
desc higher meer published bol pero frame altern official purchase gas vel ig prevent sun ris machine virtual sound
round sale included party prefer noch tur concern absol returns einer touch arch investig oil shows pel nice zum ci
progress temper longer mai resources six kr pain sell parte fol treatment weeks esp sé graph einem fait note clients
menu images held haben systems drive tor hun learning random gest continu hy viol outside rather international
anyone forma worth upon calcul policy located introdu aud solution faz distributed written vert facil computer
multiple confirm reach hij mens nem nt instead leave unit ei appear feed propos san có cette rele wordt dia safe
transport är speed ground kids asked legal bul ul administr assist vac national celebr medical apr behind rom recogn
tit easily proced late flow average education database ideas nature opportunity skills spr materials throughout ball
parts norm imag cha comments você seems till affect icon paint cases collect allows storage methods charg proper
candid zur sein region variety comme skin pun ip excellent chat complex exception fort death hebben cop là chance
gel quickly nom cross programs sist deep ones hair lock activity insurance built wish leading faire seek patients
cart necessary cool tree activities wide band nan resid memory instit consult wrong remember header empty slot unt
looks implements release circ town quant fant filename practice movie playing star gan growth aber cada saw discover
kas meng ability pap pattern resource photos hay useful tan expert favorite compar ton floor lives margin properties
charge tend levels jour wur pool avoid improve evalu god frequ vida parse recently daily mehr score empres compl
equipment tools firm ai selection abs capt liter analysis prices convert career roll amazing boy jo verd finally
effective updated influ demand concept déc trust bath pros fer kle sense train sz directly club dh alert liv fields
didn pages projects så aspect gold km buffer goal vie të thread starting notice moet exerc lu gets elements mention
kam blood views decision numbers observ owner associated delivery adult histor können attention rob rais tid lines
attempt rock morning category shall oh picture dag bottom verb college essential road commit settings innov sleep
names earn sold cin photo ign extrem woman unsigned pul parents solid durch situation má lost goes advert itself
benefits internal enh evid satisf hour module muy trip regul positive uses rot smart cab green profile desde
challeng structure diff drink girl dark cov transfer doesn contains groups consist opin pes rat kut highly tmp led
raz driver plans hands mm costs nue scr gives independ cos fine nj countries fresh offset cit myself kat lic capital
nut syn inj piece jud ven são cat ideal providing numer medic ini fat mog shop và être untuk primary neigh defined
finish pelo sizeof requirements completely warm daar oc bak pare guide ban meeting changed worked mol individuals
prime serious edit peut oo constructor dead ye peu byte versch safety themselves mount former cm setting execut
stress direction pub lig payment creating allowed vit container în fix wood scale distance mb effects summer channel
helps raise cash prepar push stuff kunnen ped bur successful links failed andere optim solutions hem sport strength
applications exclus stage vict states très conduct puede printf pré accur camera mun convers basic drop interested
counter dengan rent login considered entity és suff muito elif callback definitely operation fair img partner encour
align vehicle foreach ez emerg interesting huge certainly respond basis force obtain padding shape constant existing
birth hear shared fest rules places veel parameters eyes sea mü depend essay relig fully flag gebru akt route theme
commercial culture purpose même reference pode wall também porque pens exactly statement measure organization difer
unter się gran package vector nombre developed env license tra advant surface poder mix soll eg construction motor
classes pow fn thinking lag lä été slow meas decided dream involved difference physical relev io namespace jaar
reported vill sans pela cast editor rates intent fight cookies carry leur diagn tips blue characters vent giving
felt degree lab pressure conven aussi secret limited tun released lan rad só reserved paid kal master budget solo
dry functions stories mul towards viel gem sust mother middle spot univers cum videos wenn symbol posts doll moving
sometimes sender pm spend kur kitchen ett core grande kont goed mail maybe dump undefined baby decis cours sat soft
gratis mort shown ons pesso gave sample guarante specified geen attack reve prod vs devices assess mundo straight
contain bez planning html pin restr prev tijd layer twe letter adjust ri otherwise tou hop became dent passed police
helpful expos deux rank campaign court gift patient sports saying browser anti steps sud modify understanding admin
ia username contra rich labor damage sau actions quer cual began argument eer smo reduce tx coach businesses já
panel también sed furn generate jobs nation incor nag pictures micro arm vos president wonderful manager tried
divers political corpor ble comun pró curr př supply thous cout serve returned healthy tip hus nav played advice
bere beginning dol ces regarding bem cards heard dress trade layout eigen maximum vec pand largest saved neces grid
principal speak vend articles growing heat pair quel iter lui dann traditional produce balance bat chem decor writer
tiene wants rule exit feeling monitor ale tam errors weekend sac components fue merc tous hash viv mechan fu overall
tel comfortable nä immediately greater tests sand miles sql años agree fabric spirit strategy cel lí ikke instr fir
employees expand demonstr looked colors turned kap rev batter cer hospital stack lots clin conn detail messages reli
casa requires jou loved serial offered ctx shipping ty insert psych scen topic sor responsible mask uw logger
meaning trabal gez hacer ps volume eye reader truly js diet pil tv reports iç gut metal recon operator glass tipo
estim gy parameter caso eller investment feet setup audio extremely prés variable sett guid appropriate central
minimum easier disease gal isn correspond ker país retr epis placeholder della completed weather grup hous provider
protection album encontr adapt warrant temps edge himself kor thank durante schools scene bonus electric knew ole
increased opportunities sector nak dialog wind vid science compared studies spent farm ea eat alone cells broad
scient visual bot offering mejor cro teams fans pad wo library race mé increasing zich announced mand gradu mac
figure brought sul txt economic últ cuando vast attract beach wet rooms ile goals incl api pull polic bh wire lok
spread offic identify occur coff relax listen mur raw resp determine enable fel girls shoot elle loop harm estr ll
named wax ihr testing mist ster surv sar families discount benefit sources forms wife sehr concentr cup afford
station population launch mp mont dont tempo anc award implied income ub builder wear unser shopping bound father
até beyond ult gain thr collabor powerful burn highest bytes tent loan factors wurde guys manage ee ej calls besch
gebruik mere anos finished nearly communication memb talking traff cmd immer thanks script reasons evidence records
voice fav lack quando objects mijn gö fear vil dispon export spect verw aim guard nor hundred hasta experienced
trial agent realiz park permet endl repe initi ged wieder kil maken technical domain valor haar radio detect weer
secure lif cancer dict props particularly friendly inclus removed esper guess arguments isso pom surround apro
restaurant jog zelf aren although threat wrote cache impress earlier agr church onze lit sets võ dy ast vu absolut
fetch naj waiting bod distr fon strict bra upload uno passion seconds listed connected operations temperature notre
mission cloud schon partir momento estate jag boost aplic lev mesmo whose finding helping reflect cv cold multi ov
vai guy challenge websites director wij sb moved generally surpr doub cré ahead scre fal gaan opening controller
compare sys external gibt atr capacity matrix apart schedule jeg menos dispatch born configuration journal gone nar
ud posted sexual processing alloc appoint relevant factor wild rac artist seus doctor rub copyright todas annual
ment grad rapid permit critical larger truth mental dus organis buying incred uz tanto ship closed proces lugar
sweet zero cheap efficient minute jam sí federal shot readonly interview hoe affili transaction emot missing therap
alles talent må flat male zw coffee experiment orders poor cant distribution directory leader gj gesch rid crusher
happened els lose advantage peace welcome beste mad unless analy doen dari negative helped equal fees euro jest attr
slight scope journey split followed updates tri instanceof homes adding intr grat werk inner rout none fee væ ali
civil donde vom nap behavior tail dei luck ade remain trail pieces sistema traffic movement prest nat applicable
older produced establish ring surg haven nod diese fashion established reset instant rare ainda perman successfully
supported origin tiempo billion shift styles poll plot lux spring agreed logo notes construct pri husband creative
therefore apps motiv signal describe decre eleg brain oblig stick street techniques tap mg heavy maintain seven veg
promot holiday perhaps ug será quarter moder expression pra wedding driving placed advanced kunt keys achieve eta
decide abstract professionals retail camb laws mess tä exists neighbor exchange sang él posit upper chi experts
capac covered zal ham blo pon py rect sharing attribute suitable prepared seeing delay ved nad waste define bek kept
fond experiences efforts sow orient redirect trading garant fixed ano starts vr military thoughts primer smooth wil
mayor porn habe lleg fazer habit centre weiter rés kad replace dess antes onto dispos units sempre mater handler
independent accommod steel alternative mock math destination football pent applied mine avant champ courses kit
nuest happens thousands tok gef attend biggest méd compliance presented described meg há gek dalam coverage extract
properly documents importante autor sympt bought earth estar liqu chain danger headers knows whatever cancel society
plenty challenges exercise bah parties adm owners projet warranty reality remote advent separate compreh prz rows
weak ça empresa deposit duration toe rh rating numerous depth tasks appar architect cars winter gather queue partial
utiliz smaller department classic ell obvious stars guests prepare craft bright learned runs fundament kol garden
typically honest iş df tub alla square batch porno zou aid generated foreign susp baş requests changing mud polít
truck organizations king suite mentioned dil opinion forget workers kö verm objet escort sek jump implementation
standards daughter androidx rain hang interior recommended audience destroy employee gaat fish served opened
absolutely conoc día aos tidak repair dhe plants así conserv variables facilities keeping gör faith hele algo thus
buf mee animal generation loaded movies leaders registered dt sido dynamic century idx wid dedicated corre jur
teaching novel radi ath encore teacher personas vote hidden feedback kid resolve accounts aria flash exhib west
becomes mich combination failure medium në nieuwe submit economy vision pac pert vul developing industrial pure elev
deals permission depart alter automatically purposes vy tf corner crypt donc odd eight parser dip constit intellig
trib valu locations plt showing election filled managed discussion lub redis caused selling aware dut sad district
diam relationships presence explore kes famous branch processes incorpor enf tl stone pak operating fly tek funds
advertising tegen yield previously windows domin declar veget showed pic datas recipe estas lin partners electr vak
evening mouse mö transition pill rég performed calling parking akan worry sous familiar bott choices beauty meant
hin purs appears funcion procedure yes depending nada proc factory heel brief mensen thi joint poly stores jak
senior payload advis detailed compos torch assistance plate wen machines scan ví pessoas fantastic taste decisions
squ ui lect fois trigger bisa watching complic answers tempor krij ana meta profes loading ef gun nun signed trop
died remains maintenance cad forum ran aug tum advance segment dumpster occup becoming expensive ice kg fuel né
possibly swe reject charges claims volt goods kt foto verify sj justify kul vary blij waren año cleaning delivered
cursor majority wy march stim wine instrument assign cs için validate lav toda relative continued walking rend south
leaving animals native conflic escol flo practices reliable minor focused suis communities mini kot zone agreement
illustr topics kuk ended continues quiet crow fle ride hace nullptr totally où socket readers policies vin și foll
bedroom bond jun sole strategies fif equip proud mogelijk suit fot diverse competition accident rs cultural
attributes rou sister debug manual installed excited winning vacc snow ms dok phase prompt providers promote pays
reached enum flight matches các conj toward dav melhor visible asset dou tus ly permissions leads router sle mic
chart aliment dieser willing enjoyed fruit upp consumer vä plastic cul gén einfach sugar awesome slots seeking grade
species assum esse extension songs chemical arrang mant ils pok tradition compat magn cloth poker dates impl
remaining lors exciting trait conference pada brings rum raised academic également guest tat agency gust tough chose
premier sera seat bg uso technologies verk trat sounds spending instructions dere sustain citiz millions ua lista
maj markets checked furniture werd suas tau ama mismo itu binary clearly erg keine creation folder entertain kv lay
cities fuer mostly nost examples scroll leaves intended extr erv wasn conversation containing simpl premium columns
più eating aspects photograph designs nodes hell visitors vibr execute neu invalid amer female monde circum ohne
limitations contents busy battery ingredients cycle reput eerste battle yi installation kill residents cream carbon
spl precis combined manifest positions survey whom inline anywhere dentro tras registration joy moins pd highlight
interess hyp gere maior skal profit alleen myst rental cuenta gra otros yak teen measures tener manner putting proj
bid fé bare restaurants influence importance superior conhe asking dad vra dinner definition skill concerns egg fs
faster tank eth atmos enth disabled horas belang slightly confidence occasion municip responsibility plugin episode
že mt north sizes films chosen svo bird kup algun quot monthly zip guarantee jul kinds pointer dü tant stored lá
allowing sono hl cot ket vind refresh aument cruc depuis ft sequence reb breath prot estado axis favour vrij grandes
accompl staat registr outdoor lovely integer segu hv typeof salt leurs breakfast accurate anderen committed roof
ainsi buck ning massage bear tres consumers leadership technique engineering desire lle despite dib samen veter
không causes tah mixed zus publish yap ún environmental holding rod colour facility après ere geme ela trend privacy
sele binnen university otro consc deix plane onde administration brands vehicles laat specifically peng clock
trabajo hub angle chair să summ hav reward mouth bathroom apenas dot tecn tables alcohol feels seemed avoir rise
adults tí approved tags usage iy symptoms canvas vital dich bor explain était isol sheet teachers xml nome podr skip
approximately ticket hook às trabaj protocol tir forces identity clar corporate dollars rig sistem climate quote
protein gratuit soul ec mah muss injury kick hall hip enabled pret mau pued reply comprehensive dogs shares
desarroll gear convenient beat disp appearance determined pregn brother toute usa pentru vier nel artists migr kä
crisis joined appreciate toujours ganz horr expertise samples protest timer substant distinct variant succ syst
doubt hide enorm deck categories blank fro corr excess stated grav están trees greatest discovered significantly
linked eines travail affordable gegen për adopt mob pueden listing pit ese tas iron widget kab exclusive ents cra
ends candidate glad mucho interval kosten beim labels bent pump participants cz terror append thick binding realize
broken musical twee nouve suffer spons boot kans married suc få cri arrest supports elim diferentes requested
considering elig drugs virus mij quantity tight purchased eb reduced diz comprom fis md zoals seed criminal extended
soit dz apartment sky alleg tickets tin marriage hj assim lett theory ante clinical worldwide jew resolution killed
flags practical sitting trong ml bew volunte alpha tudo lunch signs studio bike loans searching mig therapy gay anx
goto debt bay efficiency år eso drag eventually mole spin arbe plays orig handling finance toutes zap interests
multip neighborhood regional styled cela pris logging pose plaats accepted snap criteria bou therm manera komen
mining ey fonction hers pam basket ihre priority siempre paying solar pdf gender holder stre encourage grupo google
authors serving tile espa nn outros vertical quelques fold perd disse birthday punt prove navigation solve diesem
meal obtained trabalho ads village contre recovery đi neck absolute texture bigger bomb absor cb identified encuent
covers emergency faut mercado cher zn noticed hundreds torn entertainment rein assets funding motion poco electronic
officials bless introduced ignore ordered saber gente lever hearing geh codes planet trouble unknown governing oli
lado moments geld predict calculate programa strugg modal crime belie tea oct alors shut documentation transl
versions revenue exem valuable proposed wal semana commission quem sö selbst ourselves etwas sudden grab adalah
begins perf meille quand appeared lights mang disk coment ratio gw conce improved pharm promise ander relation erst
sides weg nuevo prin któ haz modo hä esto dapat candidates nums ön blocks supposed completion effectively pier
interpret lah stopped island letters fell hö affected arrived manufacturer lad problema follows innovative bits
programme dining deve reverse roz degrees vacation ciudad launched egy narr atau quien fmt accessible edition owned
wheel técn strings compens doors gard rol soci keeps optional ear manufacturing turns holds lip carr coc youth datos
arrive golf caught ns hardware mujer standing doch twice entered refund pitch ease zien payments aller receiving
initialize fitness channels verschill mw drivers termin visited educational perspective estos dois nk enhance número
desired ampl carefully household consent nob dow meu pang logic dance sowie jan concert creates gent summary hotels
cub neut django pob recover mobil sending flu sensor gaming accuracy environ patterns tested uu booking competitive
supporting fasc spaces echt substantial entries yr attached represents geht democr prefix dd vag acid displayed
estão treated lid apresent carried utilis dell autres formation trou calendar defense cust surgery nok frequently
bringing tells pc jug perfectly sexy availability moi foods horm lived sept puis qualified prix capable gob fib
issued visiting terug delta decades yesterday lap repr komt animation roles finden currency afternoon vig wis likes
fundamental cort vest eig rit proven cookie bio flowers sak avait shoes menj partnership gün butter fy framework
platforms scores speech amor servi altijd designer groot commitment eq inspired signature pt persons massive stad
aqui folks proceed qué bast medicine hora quart surprise accomp crucial hes fragment gambling nors singles noise jus
extensive fourth días react machen tussen imagine że ili ace verv seja alta tema dias recom television bind
delicious foram portion checking picked jetzt bug minister sag freedom efect uri violence ust digit solic kay evt
incredible intens replacement bom modified hog comparison gang speaking constantly concrete notification tran puts
grote revealed dah ned mk realizar accord worse probl recher usual defin typical draft empresas rand caracter adds
cable mainly emph agents shock cooking confirmed historical trim renov esk capture amen excel forced lon nuestro
buff cutting concerned yard essa poz assume hire fet housing organic entirely dés forest recorded juga citizens
lists segundo acomp primera nearby honor moy revis existe winner også differences cet dw dop cham moves pis
situations numpy perce formal beaucoup bread proof gene actor mét gol dej charged knowing presentation schema ligne
procedures través mó rough reasonable regularly lift warning smile validation loves nerv conform belief zak wearing
hr unf dish compte hatte tritur uur persona encounter información sei reprodu estud vas tik yellow everyday noted
damit brown unable stats nine bout listener percentage paar facts cluster lets boat magic biz routes chez mik glob
iets tall teeth zij impossible sessions fram colleg fellow gev prison lombok presidente frequency resist datetime
että crowd snel couldn submitted genu matters normally wealth span emotional operate viele koji coast hogy garage
voy massasje gast relatively papers mois clip urban subscription imper bang nå institution nunca scientific gap
minimal ép selector espec nuestra renew outstanding vet participate routine kel kok milk circumstances eing achter
liquid closer delight tiny spiritual festival shell pills chapter healthcare upcoming redistribute controls consists
assembly casinos tienen county sorted depends stroke wx arts clothes assessment pov préc nen spéc copies employment
preferred anticip religious chocolate magazine kang zwei mond meses critic flexible telling hosting dipl membership
listening igual tha personnes obst hurt liked wi silver shower happening occurred matching extend networks ox pied
pois cara tet adj tracking interact reform debe funk ako moeten fic boys autre ore challenging seine huis tokens
rust choosing podem circuit lak buildings affiliate cualquier featured correctly mund houses mej conducted merge gü
tul omdat ages widely kita brows poster ting nacional shr disappoint caf observed estimated wrap legend donn resort
recognized invent tai lifestyle minha deleted consistent recruit synt timeout appointment grown explained writers
trends apare collected área functional wave worst hoy taxes oslo facing authority olan encontrar saving herself
manip mam contained resulting gym nei inici walls grant frustr petit wake yog mys ada scheduled investors justice
investigation river euros voir discussed caus lessons cob toch withdraw dangerous vé supplement delle contrast
engagement statements missed murder oppos formed implemented ville philosoph consegu formula coal improvement beer
supplies axios surrounding executive dram planned adapter centro advoc kir neue storm tang sü rear belong zona
pouvez novo fake miner marked explic lis upgrade reporting desk fault wan iv robot pleased schn bw dataset tá crash
hate rapport betting recht execution stands foc addresses patch posting meat plusieurs debate alc pem llam contro
meny preg matt mane genre catalog chief hero resistance ram qualquer yok ss remark infrastructure incident enemy
acknow ahora vale colon geç guidelines witness chances comerc attacks anche horse institutions econ replaced drawing
kem soo regions suggested scheme mart sick maka connections lam increases generic dre turning relacion radius enumer
taught mulher kin compact nic packet sap gb anda arms losing libert whenever expectations passing instruction
thorough entreg inches monitoring inspir chaque kop filters structures dévelop funny uniform esa déjà stor bone
muscle occurs hecho pandemic vulner informed magnet eens adequ guitar jack graphics metadata bold disable seit
crushing airport otra beta weekly pup risks hur peuvent jours clim hoog være eru guidance debut possess painting bow
regulations granted contest usu sha plain evaluation tablet reaction dynam officer buttons purchasing packages télé
secondary sections reduction agencies problemas appeal exposure conflict featuring después assigned personnel peque
că luxury cann researchers nal trace vou crazy elimin oportun recognize aconte adventure escape cn dp dra marg
suggestions abuse shel pleasure erf possibility hits contemporary ancient domestic sir fácil familia oldu campus
indicate succeed mús dik salary division complaint kter achie stretch professor kos evaluate rib personally powder
ongoing newsp chicken rail dabei pont eligible permanent mountain league combine aç dealing refr niveau confident
público statistics hebt bundle electrical ken inventory verz otras jong apar podcast fur integrated resume lighting
figures ost acceler complement terminal legit forth rug jue licensed bars doit corresponding sight newly vide seo
interes diabetes wash presents laptop pron dose casual guaranteed arrangement sentence innovation suiv shadow thu
laten entreprene resultado inspiration shooting foundation før sufficient sendo basically phen flav serie dimension
jusqu inputs hindi boxes qued bottle approval leven collaboration wür subjects colle verg circle ending continuing
finds vrou tomorrow behand emails hid ink faces marker dice série segunda checks moo authorities nivel stable kleine
prima bias equipo layers eles determin favourite stunning dictionary calidad fairly atmosphere parc partie decir
tube substit bacter immediate acqu cake dust publication conversion extern expressed tracks conna ave przy coin
algorithm sis tö aka leng trained relief union passe mesh afin transactions wurden impressive olarak stem frente tie
styl extent originally aktiv forever seriously keer synchron fighting rez objetivo representation dic certificate
occas anyway surprised kenn engage lassen pink feelings aur meio ella commonly severe savings soil interaction
serves broadcast limits celebrate bodies performing ray oa migration recording eh specialist contrib coding
enterprise defe conver toler lbl indeed kost responses awareness minutos recommendations ráp shops younger kort
titles equipped tort gifts usar managing believed mim mysqli medio clientes retro portfolio thin direkt edges
mapping introduction kj cidade amounts nova pendant nuclear obra anxiety functionality vice vl earned depois mos
nett recipes referred leather quotes dropped unos dollar worker collections primarily coloc meals conta tox hyper
residential attractive pant goede şi mana smartphone cock industries python anders zonder väl wallet tack languages
combat printed manufacturers historia reputation trem campo categor streaming sino productos convent transmission
fuck utf comunic religion maison sid grass sink savoir targets grew menc emit qualité efter kernel bench wouldn
consideration dorm gaz statist ellos forecast lebih marks firms sf pipe propose sour kommer ds vista kho lange
slowly vinden remind developers había repeat banks strip returning vm contribute automatic hole cc té intelligence
somewhere profesional temporary controlled characteristics humans keyboard marca jaw viagra association legs togg
hoping crew sant sorry seguir aantal improving objective abandon reun enn jamais rien weit achieved oz attorney đã
rose opinions graduate elem produk politics lowest satisfied daha chip prakt unsere explicit duty preparation accum
lain mata cute realized nouveau hen clothing trouver removal tone ange gab literature ry får aggreg repository
programming casos rond modelo durable dys ptr compart decade underst walked bridge exceed meetings moral
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
