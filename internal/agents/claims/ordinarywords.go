package claims

import (
	"strings"
)

// words are those of which commentary may consist beside what verified claims name: words of everyday
// English and of operations that name no component. The list need not be complete: a word that it has
// not only costs a commentary. Numbers but "one" and names of products are left out on purpose.
var words = setOf(`
	a about above absence absent accept accord across act actual add after again against age ago agree ahead alike all almost alone
	along already also alternative although always among amount an analyse analysis and another answer any anyone anything apart appear
	apply approach around arrive as ask assume at attempt available away back background base be became because become been before began
	begin behind being believe below beside better between beyond both bottom break brief bring broad broke broken build burst business
	busy but by call came can candidate cannot capacity care carry case catch cause caution certain chain chance change check choose clear
	clock close code come common compare complete concern conclude conclusion condition confidence confident confirm connect connection
	consider consistent contain context continue contradict contribute control correct could couple course cover current cut damage data
	date dead deal decide decision deep default define degrade delay demand deny depend dependency dependent describe design despite
	detail did differ different difficult direct discard distinct do does done doubt down downstream drop due during each earlier early
	edge effect either else elsewhere empty end engine enough entire entry equal error especially establish even event ever every everyone
	everything evidence exact examine except exception exhaust exist expect explain explanation expose extent extra face fact fail failure
	fair fall false far fast fault few field find fine finish first fit fix follow for force found from full function further gap gather gave
	general get give given go goes gone good got gradual great group had hand handle hang happen hard has have having heavy held
	help hence here high hint history hit hold how however i if ignore illustrate immediate impact imply important improve in incident include
	incomplete increase indeed independent indicate indirect individual infer influence information initial inner inside instead interest
	internal into introduce invalid investigate investigation involve is isolate issue it itself join just keep kept kind knock know known
	lack large last late latency later latter lead least leave led left less let level lie like likely limit line link list little load local
	log long look lose loss lost lot low made main make manner many mark match matter may mean meaning meant meanwhile measure meet memory
	mention merely message method metric might mind minor minute miss mistake mode moment more most mostly move much must name narrow near
	necessary need neither never nevertheless new next no nobody none nonetheless nor normal not note nothing notice now observation observe
	obvious occasional occur of off often old on once one only onset onto open operate operation operator opinion opposite or order ordinary
	origin original other otherwise our out outage outcome outside over overall overload own pace page parallel parent part partial particular
	pass past path pattern pause peak pending people per percent perform perhaps period permanent persist pick picture place plain plan plausible
	play please point policy pool poor possible possibly potential practice precede precise present press presumably pressure prevent previous
	primary prior probable probably problem proceed process produce program progress prompt proof propagate propagation proper prove provide put
	question quick quiet quite quote raise range rare rate rather raw reach react read ready real reason receive recent recognise recommend record
	recover recovery reduce refer refuse regard reject relate relation relevant rely remain remark remote remove repeat replace reply report
	represent request require resolve resource respond response responsible rest restart result resume retry return reveal review right rise
	root rough route row rule ran run safe said same saturate saw say scope script second secondary section see seem seen self send sense sent
	separate sequence series serious serve set settle several severe shape share short should show shown shut side sign signal significant similar
	simple simply simultaneous since single sit situation size slight slow slowdown small so some somebody someone something sometimes somewhat
	somewhere soon sort source span speak specific spend spent spike spread stack stage stall stand start state statement stay steady step still
	stop straight stress strong struggle subject subsequent succeed success such sudden suffer sufficient suggest suitable summarise summary
	support suppose sure surface surprise suspect symptom system tail take taken task telemetry tell temporary tend term test than that the their
	them themselves then there therefore these they thing think this those though thought thread threshold through throughout throw thrown thus
	tie tight time timeline timeout to together told tolerance too took top total toward towards trace track traffic transient tree trend trigger
	trouble true truly trust try turn type typical ultimate unavailable unclear under underlie underlying understand unexpected unhandled unit
	unknown unless unlikely until unusual up upon upper upstream us usage use useful user usual valid value various verdict verify very via view
	visible volume wait want warn warning was way we weak well went were what whatever when whenever where whereas whether which while who whole
	whom whose why wide will window with within without word work worse worst worth would wrap write written wrong yes yet you your
	caller callee client server service database cache queue gateway backend frontend worker container pod host node instance replica cluster
	machine store storage network disk processor cpu thread lock transaction statement query table row index schema key token session
	certificate deployment deploy release rollback version configuration config setting flag feature environment region infrastructure
	code stack exception crash panic null pointer parse validation credential permission authentication authorization quota throttle backoff
	ms s sec seconds minutes hours
	are am me my mine ours he she his her exists anyway amid consequence consequently
	aren couldn didn doesn don hadn hasn haven isn shouldn wasn weren won wouldn
`)

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
