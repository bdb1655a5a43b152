package failure

import "strings"

// generatedMarks start what agents, proxies and compilers append to a name.
var generatedMarks = []string{
	"_$$_", "$$", "$original$", "$auxiliary$", "$accessor$", "$ByteBuddy$", "$HibernateProxy$", "$MockitoMock$",
}

// stripGenerated removes generated suffixes and counters from a class name: Order$$Lambda$12,
// Order$1 and $Proxy12 become Order, Order and $Proxy.
func stripGenerated(name string) string {
	if strings.IndexByte(name, '$') < 0 && !strings.Contains(name, "Accessor") {
		return name
	}
	for _, mark := range generatedMarks {
		if i := strings.Index(name, mark); i > 0 {
			name = name[:i]
		}
	}
	for {
		i := strings.LastIndexByte(name, '$')
		if i <= 0 || digitsLen(name[i+1:]) != len(name)-i-1 {
			break
		}
		name = name[:i]
	}
	if strings.Contains(name, "$Proxy") || strings.Contains(name, "Accessor") {
		name = strings.TrimRight(name, "0123456789")
	}
	return name
}

// javaFunction removes what compilers and agents add to a method's name: lambda$pay$3 and
// pay$original$x1 are pay.
func javaFunction(name string) string {
	for _, prefix := range []string{"lambda$", "$anonfun$"} {
		if rest, found := strings.CutPrefix(name, prefix); found && rest != "" && !isDigit(rest[0]) {
			name = rest
		}
	}
	for _, mark := range kotlinMarks {
		if before, _, found := strings.Cut(name, mark); found && before != "" {
			name = before
		}
	}
	if rest, found := strings.CutPrefix(name, "access$"); found && rest != "" && !isDigit(rest[0]) {
		name = rest
	}
	return stripGenerated(name)
}

// kotlinMarks start what Kotlin's compiler appends to a function's name.
var kotlinMarks = []string{"$lambda", "$suspendImpl", "$default"}

// javaNames splits the names of a frame's class and method into what the source calls them: the
// body of a coroutine is a class of its own, and belongs to the function that started it.
func javaNames(class, method string) (module, function string) {
	module, function = stripGenerated(class), javaFunction(method)
	if function == "invokeSuspend" || function == "doResume" {
		if outer, inner := cutLast(module, "$"); inner != "" && outer != "" {
			return outer, javaFunction(inner)
		}
	}
	return module, function
}

// isJavaClosure reports whether a method is a lambda or belongs to a class without a name, as Order$1.
func isJavaClosure(class, method string) bool {
	last := class[1+strings.LastIndexByte(class, '$'):]
	return strings.HasPrefix(method, "lambda$") || strings.HasPrefix(method, "$anonfun$") || strings.Contains(method, "$lambda") || strings.Contains(class, "$$Lambda") ||
		last != class && digitsLen(last) == len(last)
}

// javaInApp reports whether a frame is the application's own code: no library or framework, no
// generated class, no servlet filter.
func javaInApp(class, method, file string) bool {
	if file == "<generated>" || strings.Contains(class, "$Proxy") || strings.Contains(class, "$auxiliary$") ||
		strings.Contains(class, "$$Lambda") || strings.Contains(class, "$$FastClass") {
		return false
	}
	if strings.HasSuffix(file, ".php") { // PHP's in Java's form, as OpenTelemetry writes them
		space, _, _ := strings.Cut(class, ".")
		return !phpNamespaces[space]
	}
	if method == "doFilter" || method == "doFilterInternal" {
		return false
	}
	for i := strings.IndexByte(class, '.'); i > 0; {
		if javaLibraries[class[:i]] {
			return false
		}
		next := strings.IndexByte(class[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return true
}

// javaLibraries are the package prefixes that are never the application's.
var javaLibraries = setOf(`
	java javax jakarta sun jdk com.sun kotlin kotlinx _COROUTINE scala groovy groovyjarjarantlr4 clojure akka play
	org.springframework org.apache org.hibernate org.eclipse org.jboss org.wildfly org.glassfish org.slf4j org.aspectj
	org.codehaus org.junit org.mockito org.postgresql org.mariadb org.h2 org.hsqldb org.mongodb org.redisson org.quartz
	org.elasticsearch org.opensearch org.reactivestreams org.thymeleaf org.yaml org.mybatis org.ehcache org.jooq
	io.opentelemetry io.opentracing io.jaegertracing io.netty io.grpc io.micrometer io.vertx io.undertow io.quarkus
	io.smallrye io.reactivex io.lettuce io.jsonwebtoken io.micronaut io.prometheus io.github.resilience4j
	reactor rx feign brave zipkin2 datadog okhttp3 okio retrofit2 lombok ch.qos
	com.mysql com.zaxxer com.netflix com.google com.fasterxml com.amazonaws software.amazon com.mongodb com.rabbitmq
	com.microsoft com.ibm com.oracle oracle com.newrelic com.dynatrace com.datadoghq co.elastic com.squareup com.github.benmanes
	com.alibaba.druid com.alibaba.cloud com.alibaba.nacos com.alibaba.csp com.alibaba.dubbo com.alibaba.fastjson
	com.hazelcast com.jayway com.codahale com.atomikos com.sap.db redis.clients net.bytebuddy net.sf net.logstash`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
