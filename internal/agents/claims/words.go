package claims

import "strings"

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// Lists for telling names from ordinary words in prose. They need not be complete: a word that is
// wrongly suspected only costs a commentary.
var (
	numberWords = setOf(`two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
		nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion dozen
		dozens half halves quarter twice thrice double triple twofold threefold tenfold percent percentage zero`)

	// openers are words that begin sentences; any other word with a capital may be a name.
	openers = setOf(`a after all also although an and another any apparently as at based because before being between both but by calls
		causes clearly consequently consider despite downstream due during each either errors even every everything evidence examine failed
		failing failures finally first following for from further given hence here however if in incident initially instead investigate it
		its last later likely logs look many meanwhile metrics most neither next no none note nothing notably once one only operators or
		other otherwise overall perhaps possibly presumably prior probably rather recovery requests review root several similarly since so
		some spans subsequently such symptoms telemetry that the their then there therefore these they this those though thus timeouts
		together traces transient ultimately under unlike until upstream verify we what when whenever where whether which while why with
		within without you your check confirm inspect increase reduce restart add retry ensure callers callees both timing latency`)

	compounds = setOf(`follow-up end-to-end root-cause long-running short-lived read-only re-run up-to-date time-out out-of-memory one-off
		so-called user-facing client-side server-side non-existent knock-on back-off in-flight high-level low-level first-party third-party
		self-inflicted well-known error-free fast-failing slow-running well-formed real-time`)

	// technologies are names of widespread software that an ordinary word would not be taken for.
	technologies = setOf(`postgres postgresql mysql mariadb mongodb mongo redis memcached kafka rabbitmq nats cassandra elasticsearch
		opensearch dynamodb sqlite oracle mssql clickhouse kubernetes k8s docker nginx envoy istio haproxy apache tomcat aws gcp azure s3
		lambda cloudflare stripe paypal github gitlab slack datadog prometheus grafana vault consul etcd zookeeper dns tls ssl grpc http
		https tcp udp linux windows java python golang nodejs hikari jdbc pgbouncer`)

	// thingWords follow the name of a component: "the billing service".
	thingWords = setOf(`service services server servers database databases db pod pods host hosts container containers api apis cluster
		clusters queue queues cache caches worker workers gateway node nodes instance instances broker topic endpoint replica replicas
		microservice backend frontend table deployment`)

	// modifiers are words before a thing that name nothing.
	modifiers = setOf(`a an the this that these those its their his our your my any each every some no one other another same both all
		many several few most which what whose called calling caller callee downstream upstream affected failing failed slow faulty broken
		healthy unhealthy remote external internal own local target dependent shared single whole entire overloaded unavailable unreachable
		responsible first second last next of and or to in on for from by with at between into via behind is was are were be been not
		connected underlying respective particular given backing primary secondary busy impacted involved named relevant degraded
		related corresponding message connection customer's service service's`)
)
