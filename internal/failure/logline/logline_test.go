package logline

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

func TestSeverity(t *testing.T) {
	for line, want := range map[string]int32{
		// key=value
		`level=error msg="connect failed"`:                                 17,
		`time="2026-01-02T15:04:05Z" level=error msg="x y" err="no route"`: 17,
		`ts=2026-01-02T15:04:05Z caller=main.go:12 level=warn msg=x`:       13,
		`t=2026-01-02T15:04:05Z lvl=eror msg=x`:                            17,
		`time=2026-01-02T15:04:05Z level=ERROR+2 msg=x`:                    17,
		`logger=tsdb t=2026-01-02T15:04:05Z level=error msg=x`:             17,
		`2026/01/02 15:04:05 level=error msg=x`:                            17,
		`severity="CRITICAL" msg=x`:                                        21,
		`request done path=/x level=error`:                                 0, // no key comes first
		`msg="level=error seen" level=info`:                                9,
		`GET /search?level=error`:                                          0,
		// numbers, brackets and names
		`[ERROR] no`:   17,
		`[ error ] no`: 17,
		`2026-01-02 15:04:05,123 ERROR [main] com.acme.Foo - message`:                               17,
		`15:04:05.123 [main] ERROR com.acme.Foo - message`:                                          17,
		`15:04:05.123 [main] INFO  com.acme.Foo - ERROR codes reloaded`:                             9,
		`2026-01-02T15:04:05.123+01:00 ERROR 12345 --- [shop] [nio-8080-exec-1] c.a.Foo : x`:        17,
		`2026-01-02 15:04:05.123  WARN 12345 --- [nio-8080-exec-1] c.a.Foo : error seen`:            13,
		`[2026-01-02 15:04:05,123] ERROR [KafkaServer id=0] Fatal error (kafka.server.KafkaServer)`: 17,
		`[2026-01-02T15:04:05,123][ERROR][o.e.b.Bootstrap] [node] x`:                                17,
		`ERROR [main] 2026-01-02 15:04:05,123 Cassandra.java:12 - x`:                                17,
		`2026-01-02 15:04:05,123 [myid:1] - ERROR [main:QuorumPeer@1] - x`:                          17,
		`24/01/02 15:04:05 ERROR Foo: x`:                                                            17,
		`02-Jan-2026 15:04:05.123 SEVERE [main] org.apache.catalina.Foo x`:                          17,
		"Jan 02, 2026 3:04:05 PM com.acme.Foo bar\nSEVERE: no rate":                                 17,
		"Jan 02, 2026 3:04:05 PM com.acme.Foo bar\nINFORMATION: los":                                9,
		`15:04:05,123 ERROR [org.jboss.as.ejb3] (default-task-1) x`:                                 17,
		`ERROR:root:division by zero`:                                                               17,
		`WARNING:urllib3:retry`:                                                                     13,
		`2026-01-02 15:04:05,123 - shop.pay - ERROR - x`:                                            17,
		`2026-01-02 15:04:05,123 - pay - error - x`:                                                 17,
		`2026-01-02 15:04:05.123 | ERROR    | shop.pay:charge:12 - x`:                               17,
		`[2026-01-02 15:04:05,123: ERROR/ForkPoolWorker-1] Task shop.pay raised`:                    17,
		`[2026-01-02, 15:04:05 UTC] {taskinstance.py:1824} ERROR - Task failed`:                     17,
		`2026-01-02 15:04:05 [scrapy.core.scraper] ERROR: x`:                                        17,
		`2026-01-02 15:04:05 [error    ] no rate  [shop]`:                                           17,
		`[2026-01-02 15:04:05 +0000] [123] [CRITICAL] WORKER TIMEOUT (pid:7)`:                       21,
		`ERROR:    Exception in ASGI application`:                                                   17,
		`INFO:     127.0.0.1:1234 - "GET /error HTTP/1.1" 500`:                                      9,
		`[E 260102 15:04:05 web:123] Uncaught exception GET /`:                                      17,
		`E, [2026-01-02T15:04:05.123456 #1234] ERROR -- : no`:                                       17,
		`I, [2026-01-02T15:04:05.123456 #1234]  INFO -- : ERROR no`:                                 9,
		`2026-01-02T15:04:05.123Z pid=1 tid=abc class=Job jid=1a ERROR: no`:                         17,
		"fail: Shop.Pay[0]\n      no rate":                                                          17,
		"crit: Microsoft.AspNetCore.Hosting[6] x":                                                   21,
		"info: Microsoft.Hosting.Lifetime[14]\n      Now listening":                                 9,
		"\x1b[41m\x1b[30mfail\x1b[39m\x1b[22m\x1b[49m: Shop.Pay[0]\n      no":                       17,
		`[15:04:05 ERR] no`:                                                                     17,
		`2026-01-02 15:04:05.123 +00:00 [ERR] no`:                                               17,
		`2026-01-02 15:04:05.1234|ERROR|Shop.Pay|no`:                                            17,
		`2026-01-02 15:04:05,123 [7] ERROR Shop.Pay - no`:                                       17,
		`2026/01/02 15:04:05 [error] 29#29: *4821 connect() failed`:                             17,
		`2026/01/02 15:04:05 [emerg] 1#1: bind() failed`:                                        21,
		`[Wed Oct 11 14:32:52.123456 2026] [core:error] [pid 35708:tid 1] x`:                    17,
		`[Wed Oct 11 14:32:52 2026] [error] [client 127.0.0.1] x`:                               17,
		`[Wed Oct 11 14:32:52.123456 2026] [mpm_event:notice] [pid 1] AH00489`:                  9,
		`2026/01/02 15:04:05 ERROR no rate country=XX`:                                          17,
		`2026/01/02 15:04:05 http: TLS handshake error from 10.0.0.1:1234: EOF`:                 0,
		"2026-01-02T15:04:05.123Z\tERROR\tpay/pay.go:12\tno\t{\"a\":1}":                         17,
		"2026-01-02T15:04:05.123Z\terror\tpay/pay.go:12\tno":                                    17,
		"3:04PM ERR no error=\"x\"":                                                             17,
		"ERRO[0000] no":                                                                         17,
		"FATA[0012] no":                                                                         21,
		"EROR[01-02|15:04:05] no err=x":                                                         17,
		"2026-01-02T15:04:05.123Z [ERROR] agent: no":                                            17,
		"    2026-01-02T15:04:05.123Z [ERROR] agent: no":                                        17,
		"[2026-01-02T15:04:05Z ERROR shop::pay] no":                                             17,
		"2026-01-02T15:04:05.123456Z ERROR shop::pay: no":                                       17,
		"\x1b[2m2026-01-02T15:04:05.123456Z\x1b[0m \x1b[31mERROR\x1b[0m \x1b[2mshop\x1b[0m: no": 17,
		"21:24:03.356 [error] GenServer App.PriceCache terminating":                             17,
		"12:34:56.789 request_id=F1 [error] no":                                                 17,
		"=ERROR REPORT==== 2-Jan-2026::15:04:05.123 ===\nno":                                    17,
		"=PROGRESS REPORT==== 2-Jan-2026::15:04:05.123 ===":                                     9,
		"2026-01-02T15:04:05.123456+00:00 error: crasher: x":                                    17,
		"2026-01-02 15:04:05.123456+00:00 [error] <0.123.0> no":                                 17,
		"[2026-01-02T15:04:05+00:00] production.ERROR: no {\"a\":1} []":                         17,
		"[2026-01-02T15:04:05+00:00] app.INFO: error page shown":                                9,
		"PHP Fatal error:  Uncaught TypeError: x in /a.php:1":                                   17,
		"[02-Jan-2026 15:04:05 UTC] PHP Parse error:  syntax error":                             17,
		"PHP Warning:  Undefined variable $x in /a.php on line 1":                               13,
		"[02-Jan-2026 15:04:05] NOTICE: PHP message: PHP Fatal error:  Uncaught x":              17,
		"[02-Jan-2026 15:04:05] NOTICE: ready to handle connections":                            9,
		"E0102 15:04:05.123456   12345 reflector.go:123] no":                                    17,
		"I0102 15:04:05.123456   12345 reflector.go:123] error seen":                            9,
		"E260102 15:04:05.123456 12 server.go:12 ⋮ [n1] 1  no":                                  17,
		"F0102 15:04:05.123456       1 server.go:12] no":                                        21,
		"2026-01-02T15:04:05.123+0000 E NETWORK  [conn1] no":                                    17,
		"2026-01-02 15:04:05.123456 E | etcdserver: no":                                         17,
		"01-02 15:04:05.123  1234  5678 E AndroidRuntime: FATAL EXCEPTION: main":                17,
		"E/AndroidRuntime( 1234): FATAL EXCEPTION: main":                                        17,
		"2026-01-02T15:04:05Z E! [inputs.cpu] no":                                               17,
		"2026-01-02 15:04:05.123 UTC [123] shop@orders ERROR:  relation \"x\" does not exist":   17,
		"2026-01-02 15:04:05 UTC [1]: [1-1] user=a,db=b,app=c,client=1.2.3.4 FATAL:  no":        21,
		"2026-01-02 15:04:05.123 UTC [123] LOG:  checkpoint complete":                           9,
		"2026-01-02 15:04:05.123 UTC [123] STATEMENT:  SELECT error FROM t":                     9,
		"2026-01-02 15:04:05.123 UTC [123] FEHLER:  Relation existiert nicht":                   17,
		"2026-01-02T15:04:05.123456Z 0 [ERROR] [MY-010119] [Server] Aborting":                   17,
		"2026.01.02 15:04:05.123456 [ 123 ] {a-b} <Error> executeQuery: no":                     17,
		"2026-01-02 15:04:05.12 spid51      Error: 18456, Severity: 14.":                        17,
		"[2026-01-02 15:04:05.123][12][critical][main] [source/server.cc:12] no":                21,
		"[1234:5678:0102/150405.123:ERROR:gpu.cc(12)] no":                                       17,
		"2026-01-02T15:04:05+0000 error codes.vapor.app : [Vapor] no":                           17,
		"2026-01-02T15:04:05+0000 info codes.vapor.app : [Vapor] error":                         9,
		"[2026/01/02 15:04:05.123 +00:00] [ERROR] [server.go:12] [\"no\"]":                      17,
		"2026-01-02T15:04:05.123Z\tc6af9ac6-7b61-11e6-9a41-93e8deadbeef\tERROR\tno":             17,
		"[ERROR]\t2026-01-02T15:04:05.123Z\tc6af9ac6\tno":                                       17,
		"error: could not open":                                                                 17,
		"Error: connect ECONNREFUSED 10.0.0.1:80":                                               17,
		// what runtimes and syslog put before
		"<3>no space left on device":                                                        17,
		"<11>Jan  2 15:04:05 host app[12]: no":                                              17,
		"<14>Jan  2 15:04:05 host app[12]: no":                                              9,
		"<27>Jan  2 15:04:05 host app[12]: INFO started":                                    9,
		"<165>1 2026-01-02T15:04:05Z host app 12 ID47 - no":                                 9,
		"Jan  2 15:04:05 host app[12]: ERROR no":                                            17,
		"Jan  2 15:04:05 host app: [error] no":                                              17,
		"2026-01-02T15:04:05.123456789Z stderr F [ERROR] no":                                17,
		"2026-01-02T15:04:05.123456789Z stderr F starting":                                  0,
		"2026-01-02T15:04:05.123456789+02:00 stdout F {\"level\":\"error\",\"msg\":\"no\"}": 17,
		"Jul  1 20:23:09 host-7 cloudd[326]:  SecOSStatusWith error:[-50] no":               0,
		"2026-01-02 15:04:05, Error                 CBS    no":                              17,
		"web-1  | ERROR no":                                                                 17,
		"web-1  | error while reading":                                                      0,
		// JSON
		`{"level":"error","msg":"no"}`:                                                   17,
		`{"level":50,"time":1,"pid":1,"hostname":"h","msg":"no"}`:                        17,
		`{"level":30,"time":1,"msg":"error"}`:                                            9,
		`{"name":"pay","hostname":"h","pid":1,"level":60,"msg":"no","v":0}`:              21,
		`{"severity":"ERROR","message":"no"}`:                                            17,
		`{"message":"no","severity":500}`:                                                17,
		`{"log.level":"error","message":"no"}`:                                           17,
		`{"log":{"level":"error","logger":"x"},"message":"no"}`:                          17,
		`{"@t":"2026-01-02T15:04:05Z","@mt":"no","@l":"Fatal"}`:                          21,
		`{"EventId":0,"LogLevel":"Critical","Category":"Shop","Message":"no"}`:           21,
		`{"t":{"$date":"2026-01-02"},"s":"E","c":"NETWORK","id":1,"ctx":"x","msg":"no"}`: 17,
		`{"message":"no","context":{},"level":400,"level_name":"ERROR"}`:                 17,
		`{"version":"1.1","host":"h","short_message":"no","level":3}`:                    17,
		`{"level":3,"version":"1.1","host":"h","short_message":"no"}`:                    17,
		`{"level":3,"score":1,"player":"x"}`:                                             0,
		`{"MESSAGE":"no","PRIORITY":"3"}`:                                                17,
		`{"MESSAGE":"no","PRIORITY":"6"}`:                                                9,
		`{"levelname":"ERROR","message":"no"}`:                                           17,
		`{"levelno":40,"message":"no"}`:                                                  17,
		`{"level":"ERROR","level_value":40000,"message":"no"}`:                           17,
		`{"level":"dpanic","msg":"no"}`:                                                  21,
		`{"level":"gold","msg":"error"}`:                                                 0,
		`{"time":"2026-01-02T15:04:05Z","level":"ERROR+4","msg":"no"}`:                   17,
		`{"a":{"level":"error"},"b":[{"level":"error"}],"level":"info"}`:                 9,
		`{"msg":"said \"level\":\"error\"","level":"info"}`:                              9,
		`{"msg":"no level here, only the word error"}`:                                   0,
		`{"log":"2026-01-02 15:04:05 ERROR no\n","stream":"stderr","time":"x"}`:          17,
		`{"log":"{\"level\":\"error\",\"msg\":\"no\"}\n","stream":"stdout"}`:             17,
		`{"log":"{\"message\":\"{\\\"level\\\":\\\"error\\\"}\"}"}`:                      17,
		`2026-01-02T15:04:05Z {"level":"error","msg":"no"}`:                              17,
		`{"level":"error","msg":"cut of`:                                                 17,
		// mentions
		"":                                  0,
		"an error occurred":                 0,
		"Error while reading configuration": 0,
		"0 errors, 2 warnings":              0,
		"no error":                          0,
		"handled ERROR_CODE 7":              0,
		"2026-01-02 15:04:05 Got ERROR from peer, retrying": 0,
		"2026-01-02 15:04:05 error while reading, retrying": 0,
		"[error-handler] started":                           0,
		"[main] error handling enabled":                     0,
		"user [error] foo":                                  0,
		"<error><code>1</code></error>":                     0,
		"errors: 0":                                         0,
		`127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /error HTTP/1.1" 500 12`: 0,
		"2026-01-02 15:04:05 A new connection was accepted":                       0,
		"SELECT * FROM errors WHERE level='error'":                                0,
		"Starting ERROR reporter":                                                 0,
		"{not json level:error}":                                                  0,
		"1:M 02 Jan 2026 15:04:05.123 # Server initialized":                       0,
	} {
		assert.Equal(t, want, Severity(line), line)
	}
}

func TestMessage(t *testing.T) {
	for line, want := range map[string]string{
		"plain text":                       "plain text",
		"  indented\n":                     "indented",
		"2026-01-02 15:04:05,123 ERROR no": "no",
		"2026/01/02 15:04:05 [error] 29#29: *4821 connect() failed":  "29#29: *4821 connect() failed",
		"15:04:05.123 [main] ERROR com.acme.Foo - no":                "com.acme.Foo - no",
		"E0102 15:04:05.123456   12345 reflector.go:123] no":         "no",
		"E, [2026-01-02T15:04:05.123456 #1234] ERROR -- : no":        "no",
		"E, [2026-01-02T15:04:05.123456 #1234] ERROR -- pay: no":     "no",
		"fail: Shop.Pay[0]\n      no rate\n      at x":               "no rate\n      at x",
		"\x1b[31mERROR\x1b[0m \x1b[2mshop\x1b[0m: no":                "ERROR shop: no",
		"2026-01-02T15:04:05.123456789Z stderr F [ERROR] no":         "no",
		"<11>Jan  2 15:04:05 host app[12]: ERROR no":                 "no",
		"Error: connect ECONNREFUSED 10.0.0.1:80":                    "Error: connect ECONNREFUSED 10.0.0.1:80",
		"2026/01/02 15:04:05 panic: boom":                            "panic: boom",
		"2026-01-02 15:04:05 UTC [1] FATAL:  no password":            "no password",
		"PHP Fatal error:  Uncaught TypeError: no":                   "Uncaught TypeError: no",
		"=ERROR REPORT==== 2-Jan-2026::15:04:05.123 ===\nno":         "no",
		"Jan 02, 2026 3:04:05 PM com.acme.Foo bar\nSEVERE: no":       "no",
		`{"log":"2026-01-02 15:04:05 ERROR no\n","stream":"stderr"}`: "no",
		`{"level":"error","msg":"no"}`:                               "no",
		`{"level":"error","error":"no"}`:                             "",
		`{"event":"pay.failed","message":"no"}`:                      "no",
		`{"event":"pay.failed","level":"error"}`:                     "pay.failed",
		`{"@l":"Error","@mt":"no"}`:                                  "no",
		`{"level":"error","msg":"cut of`:                             `{"level":"error","msg":"cut of`,
	} {
		assert.Equal(t, want, Parse(line).Message, line)
	}
}

func TestFields(t *testing.T) {
	for line, want := range map[string]Record{
		// Pino and Bunyan
		`{"level":50,"msg":"no","err":{"type":"RangeError","message":"bad","stack":"RangeError: bad\n    at f (/a.js:1:2)"}}`: {
			Message: "no", ErrorType: "RangeError", Error: "bad", Stack: "RangeError: bad\n    at f (/a.js:1:2)",
		},
		// zap
		`{"level":"error","ts":1.5,"msg":"no","error":"dial tcp: refused","errorVerbose":"dial\nmain.f\n\t/a.go:1","stacktrace":"main.f\n\t/a.go:1"}`: {
			Message: "no", Error: "dial tcp: refused", Stack: "dial\nmain.f\n\t/a.go:1",
		},
		// Elastic, flat and nested
		`{"log.level":"ERROR","message":"no","error.type":"a.B","error.message":"m","error.stack_trace":"a.B: m\n\tat x"}`: {
			Message: "no", ErrorType: "a.B", Error: "m", Stack: "a.B: m\n\tat x",
		},
		`{"log":{"level":"error"},"message":"no","error":{"type":"a.B","message":"m","stack_trace":"s"}}`: {
			Message: "no", ErrorType: "a.B", Error: "m", Stack: "s",
		},
		// Lambda
		`{"timestamp":"t","level":"ERROR","errorType":"KeyError","errorMessage":"'x'","stackTrace":["  File \"/a.py\", line 1","    x"]}`: {
			ErrorType: "KeyError", Error: "'x'", Stack: "  File \"/a.py\", line 1\n    x",
		},
		// Monolog
		`{"message":"no","context":{"exception":{"class":"TypeError","message":"m","file":"/a.php:1"}},"level":400,"level_name":"ERROR","channel":"app"}`: {
			Message: "no", ErrorType: "TypeError", Error: "m",
		},
		// tracing of Rust
		`{"timestamp":"t","level":"ERROR","fields":{"message":"no","error":"refused"},"target":"shop"}`: {
			Message: "no", Error: "refused",
		},
		// Serilog
		`{"@t":"t","@mt":"no","@l":"Error","@x":"System.Exception: m\n   at A.B()"}`: {
			Message: "no", Error: "System.Exception: m\n   at A.B()",
		},
		// structlog
		`{"event":"no","level":"error","exception":"Traceback (most recent call last):\nKeyError: 'x'"}`: {
			Message: "no", Error: "Traceback (most recent call last):\nKeyError: 'x'",
		},
		// semantic_logger
		`{"level":"error","message":"no","exception":{"name":"KeyError","message":"m","stack_trace":["a.rb:1","b.rb:2"]}}`: {
			Message: "no", ErrorType: "KeyError", Error: "m", Stack: "a.rb:1\nb.rb:2",
		},
		// a container runtime's
		`{"log":"{\"level\":\"error\",\"msg\":\"no\",\"err\":\"refused\"}\n","stream":"stderr"}`: {
			Message: "no", Error: "refused",
		},
		`{"level":"info","message":"ERROR no"}`: {Message: "ERROR no"},
	} {
		assert.Equal(t, want, Parse(line), line)
	}
}

func TestFieldsOfLevels(t *testing.T) {
	for name, c := range map[string]struct {
		fields map[string]any
		want   int32
	}{
		"a name":          {map[string]any{"log.level": "Error"}, 17},
		"a number":        {map[string]any{"level": int64(50)}, 17},
		"a number, text":  {map[string]any{"level": "50"}, 17},
		"journald":        {map[string]any{"PRIORITY": "3"}, 17},
		"journald, info":  {map[string]any{"PRIORITY": "6"}, 9},
		"OpenTelemetry":   {map[string]any{"severity_number": int64(17)}, 17},
		"Azure":           {map[string]any{"severityLevel": int64(3)}, 17},
		"not a level":     {map[string]any{"level": int64(7), "game": "x"}, 0},
		"an unknown name": {map[string]any{"level": "gold"}, 0},
		"a priority":      {map[string]any{"priority": "high"}, 0},
		"of prose":        {map[string]any{"level": "error while reading the configuration"}, 0},
		"other fields":    {map[string]any{"errors": "error", "levels": "error"}, 0},
	} {
		var l Levels
		for k, v := range c.fields {
			switch v := v.(type) {
			case string:
				l.AddText(semconv.LogFieldOf(k), v)
			case int64:
				l.AddNumber(semconv.LogFieldOf(k), v)
			}
		}
		assert.Equal(t, c.want, l.Severity(), name)
	}
}

func TestLevel(t *testing.T) {
	for name, want := range map[string]int32{
		"ERROR": 17, "Error": 17, "err": 17, " error ": 17, "SEVERE": 17, "E": 17, "eror": 17, "ERROR2": 17, "ERROR+1": 17,
		"logging.ERROR": 17, "50": 17, "FEHLER": 17, "エラー": 17, "fail": 17, "Critical": 21, "F": 21, "alert": 21, "dpanic": 21,
		"WARN": 13, "warning": 13, "W": 13, "Information": 9, "info": 9, "LOG": 9, "fine": 5, "FINEST": 1, "Verbose": 1,
		"": 0, "DEFAULT": 0, "stderr": 0, "unknown": 0, "errors": 0, "no error": 0, "7": 0,
	} {
		assert.Equal(t, want, Level(name), name)
	}
}

// Hostile lines take no longer than their length allows.
func TestHostileLines(t *testing.T) {
	const size = 1 << 20
	for name, line := range map[string]string{
		"brackets":       strings.Repeat("[", size),
		"groups":         strings.Repeat("[a]", size/3),
		"objects":        strings.Repeat(`{"log":`, size/7),
		"quotes":         `{"` + strings.Repeat(`\"`, size/2),
		"backslashes":    `{"a":"` + strings.Repeat(`\\`, size/2) + `"`,
		"lists":          `{"a":` + strings.Repeat("[", size),
		"digits":         strings.Repeat("1 ", size/2),
		"pairs":          strings.Repeat("a=b ", size/4),
		"escapes":        strings.Repeat("\x1b[", size/2),
		"messages":       `{"msg":"` + strings.Repeat(`{\"msg\":`, size/9) + `"}`,
		"spaces":         strings.Repeat(" ", size),
		"lines":          "Jan " + strings.Repeat("1\n", size/2),
		"nested objects": strings.Repeat(`{"context":`, 5000) + strings.Repeat("}", 5000),
	} {
		endsInTime(t, name, func() {
			Severity(line)
			Parse(line)
		})
	}
}

func TestSeverityAllocatesNothing(t *testing.T) {
	for _, line := range []string{
		"order 7 placed", `{"level":"info","msg":"order placed","order":7}`, "2026-01-02 15:04:05,123 INFO [main] com.acme.Foo - placed",
		`time="2026-01-02T15:04:05Z" level=info msg="placed"`, "2026-01-02T15:04:05.123456789Z stdout F order 7 placed",
		`{"log":"order 7 placed\n","stream":"stdout","time":"2026-01-02T15:04:05Z"}`,
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { Severity(line) }), line)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"log":"{\"level\":\"error\"}\n","context":{"exception":{"class":"a"}}}`, "<11>Jan  2 15:04:05 host app[12]: no",
		"2026-01-02T15:04:05.123456789Z stderr F [ERROR] no", "E0102 15:04:05.1 1 a.go:1] no", "\x1b[31mfail\x1b[0m: A[0]\n  x",
		"Jan 02, 2026 3:04:05 PM a b\nSEVERE: x", "[02-Jan-2026 15:04:05] NOTICE: PHP message: PHP Fatal error:  x", `a="b level=error`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if s := Severity(line); s < 0 || s > 24 {
			t.Fatalf("severity %d", s)
		}
		if m := Parse(line).Message; len(m) > len(line) {
			t.Fatalf("message is longer than the line: %q", m)
		}
	})
}

func BenchmarkSeverity(b *testing.B) {
	for name, line := range map[string]string{
		"text":   "order 4711 of customer 12 was placed, 3 items, total 17.50 EUR, shipped by tomorrow",
		"layout": "2026-01-02 15:04:05,123 INFO [http-nio-8080-exec-1] com.acme.shop.OrderController - order 4711 placed",
		"json":   `{"time":"2026-01-02T15:04:05.123Z","level":"info","msg":"order placed","order":4711,"customer":{"id":12,"name":"x"},"items":[1,2,3]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Severity(line)
			}
		})
	}
}

// endsInTime fails where f takes far longer than time linear in its input would be, on whatever
// machine.
func endsInTime(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s takes too long", what)
	}
}
