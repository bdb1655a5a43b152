package failure

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// TestPlatformOf: what platforms write of processes counts whatever its severity; what sounds like it in an
// application's log, or belongs to a trace, does not.
func TestPlatformOf(t *testing.T) {
	for text, want := range map[string]bool{
		"Out of memory: Killed process 4312 (java) total-vm:9912340kB, anon-rss:7340032kB":                                        true,
		"Nov 30 00:00:00 db-host-3 kernel: [17.1] Memory cgroup out of memory: Killed process 29224 (python) total-vm:16334160kB": true,
		"orders.service: Main process exited, code=killed, status=9/KILL":                                                         true,
		"Nov 30 00:00:00 db-host-3 systemd[1]: orders.service: Main process exited, code=dumped, status=11/SEGV":                  true,
		"orders.service: Main process exited, code=exited, status=1/FAILURE":                                                      true,
		"orders.service: Main process exited, code=killed, status=15/TERM":                                                        false,
		"orders.service: Main process exited, code=exited, status=143/n/a":                                                        false,
		"orders.service: Failed with result 'oom-kill'.":                                                                          true,
		"orders.service: Failed with result 'exit-code'.":                                                                         false,
		"orders.service: A process of this unit has been killed by the OOM killer.":                                               true,
		"2026-11-30T00:00:03.100Z 327318f1-18d3-4288-8caa-bb3dcbce0f69 Task timed out after 3.00 seconds\n\n":                     true,
		"Task timed out after 3 seconds":                                                                                          false,
		"nightly Task timed out after 3 seconds":                                                                                  false,
		"2026-11-30T00:00:03.100Z 327318f1-18d3 Task timed out after 3 seconds, trying again":                                     false,
		"RequestId: 4f2b Error: Runtime exited with error: signal: killed\nRuntime.ExitError":                                     true,
		"REPORT RequestId: 4f2b\tDuration: 3000.00 ms\tMemory Size: 128 MB\tStatus: timeout":                                      true,
		"REPORT RequestId: 4f2b\tDuration: 12.00 ms\tMemory Size: 128 MB":                                                         false,
		"Error R14 (Memory quota exceeded)":                                                                                       true,
		`at=error code=H12 desc="Request timeout" method=GET path="/" host=shop.example`:                                          true,
		`at=info method=GET path="/" status=200`:                                                                                  false,
		"Memory limit of 512 MiB exceeded with 514 MiB used. Consider increasing the memory limit":                                true,
		`{"stoppedReason":"OutOfMemoryError: Container killed due to memory usage"}`:                                              true,
		"Back-off restarting failed container app in pod api-7d9f5d67c4-x2x9z_shop":                                               true,
		"Readiness probe failed: HTTP probe failed with statuscode: 503":                                                          true,
		"[2026-11-28 10:00:00 +0000] [1] [ERROR] Worker (pid:42) was sent SIGKILL! Perhaps out of memory?":                        true,
		"[2026-11-28 10:00:00 +0000] [1] [ERROR] Worker (pid:42) was sent SIGTERM!":                                               false,
		"DAMN ! worker 1 (pid: 12) died, killed by signal 9 :( trying respawn ...":                                                true,
		"[28-Nov-2026 10:00:00] WARNING: [pool www] child 31 exited on signal 11 (SIGSEGV) after 12.3 seconds from start":         true,
		"[28-Nov-2026 10:00:00] NOTICE: [pool www] child 31 exited on signal 15 (SIGTERM) after 12.3 seconds from start":          false,
		"server process (PID 812) was terminated by signal 9: Killed":                                                             true,
		"[core:notice] [pid 1] AH00052: child pid 31 exit signal Segmentation fault (11)":                                         true,
		"2026-11-28 10:00:00,000 INFO exited: web (terminated by SIGKILL; not expected)":                                          true,
		"2026-11-28 10:00:00,000 INFO stopped: web (terminated by SIGKILL)":                                                       false,
		"2026-11-28 10:00:00,000 INFO stopped: web (terminated by SIGQUIT)":                                                       false,
		"2026-11-28 10:00:00,000 INFO exited: web (terminated by SIGTERM; not expected)":                                          false,
		"PM2 | App [api:0] exited with code [0] via signal [SIGKILL]":                                                             true,
		"PM2 | App [api:0] exited with code [0] via signal [SIGINT]":                                                              false,
		"# A fatal error has been detected by the Java Runtime Environment:":                                                      true,
		"Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f11 (most recent call first):":                           true,
		"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc":                              true,
		"\nthread 'main' has overflowed its stack\nfatal runtime error: stack overflow":                                           true,
		"/app/lib/reader.rb:92: [BUG] Segmentation fault at 0x0000000000000008":                                                   true,
		"Nov 28 10:00:00 vm-7 kernel: [812.1] gateway[2210]: segfault at 0 ip 000055d1 sp 00007ffd error 4 in gateway[55d1+9000]": true,
		"1:M 28 Nov 2026 10:00:00.000 # Out Of Memory allocating 8192 bytes!":                                                     true,
		"Segmentation fault (core dumped)":                                                                                        true,
		"./run.sh: line 7:    12 Killed                  python app.py":                                                           true,
		"line up: Killed in action":                                                                                          false,
		"the operator killed the job, see line 7: 12 left":                                                                   false,
		"2026-11-28T10:00:00.1Z container die 5d1f (exitCode=137, image=postgres:16, name=db)":                               true,
		"2026-11-28T10:00:00.1Z container die 5d1f (exitCode=143, image=postgres:16, name=db)":                               false,
		"2026-11-28T10:00:00.1Z container oom 5d1f (image=postgres:16, name=db)":                                             true,
		"2026-11-28T10:00:00.1Z container health_status: unhealthy 5d1f (image=postgres:16, name=db)":                        true,
		"2026-11-28T10:00:00.1Z container start 5d1f (image=postgres:16, name=db)":                                           false,
		`{"status":"oom","Type":"container","Action":"oom","Actor":{"ID":"5d1f","Attributes":{"name":"db"}}}`:                true,
		`{"Type":"network","Action":"die","Actor":{"ID":"5d1f","Attributes":{"name":"db"}}}`:                                 false,
		`{"kind":"Event","reason":"OOMKilling","message":"x","involvedObject":{"kind":"Pod","name":"api-7d9f5d67c4-x2x9z"}}`: true,
		`{"kind":"Event","reason":"Pulled","message":"x","involvedObject":{"kind":"Pod","name":"api-7d9f5d67c4-x2x9z"}}`:     false,
		"we ran out of memory cards": false,
		"":                           false,
	} {
		l := &signal.Log{Severity: 9, Body: signal.Value{Data: text}}
		assert.Equal(t, want, PlatformOf(l) != NoPlatforms, text)
		_, isError := FromLog(l)
		assert.Equal(t, want, isError, text)
		l.TraceID = signal.TraceID{1}
		assert.Equal(t, NoPlatforms, PlatformOf(l), "of a trace: %s", text)
	}
	event := &signal.Log{
		Severity: 13, Body: signal.Value{Data: "The node had condition: [DiskPressure]."},
		Attributes: signal.Map{{Key: "k8s.event.reason", Value: signal.Value{Data: "Evicted"}}},
	}
	assert.Equal(t, PlatformEnd, PlatformOf(event))
	assert.Equal(t, "Evicted: The node had condition: [DiskPressure].", ObserveLog(event).Message)
	for reason, want := range map[string]Platform{"Pulled": NoPlatforms, "Unhealthy": PlatformSymptom, "BackOff": PlatformSymptom, "SystemOOM": PlatformEnd} {
		event.Attributes[0].Value.Data = reason
		assert.Equal(t, want, PlatformOf(event), reason)
	}
	event.Attributes[0].Value.Data, event.Body.Data = "BackOff", "Back-off restarting failed container app in pod api-7d9f5d67c4-x2x9z_shop"
	assert.Equal(t, PlatformEnd, PlatformOf(event))
	assert.Equal(t, PlatformSymptom, PlatformOf(&signal.Log{Body: signal.Value{Data: "Readiness probe failed: HTTP probe failed with statuscode: 503"}}))
}

// All that platforms record of a service has one key, so that traces can look it up.
func TestPlatformKey(t *testing.T) {
	key := func(pod, text string) string {
		return Key(ObserveLog(&signal.Log{
			Body: signal.Value{Data: text}, Resource: &signal.Resource{Attributes: signal.Map{
				{Key: "k8s.pod.name", Value: signal.Value{Data: pod}}, {Key: "deployment.environment.name", Value: signal.Value{Data: "production"}},
			}},
		}))
	}
	const killed, restarting = "Memory cgroup out of memory: Killed process 7 (python)", "Back-off restarting failed container"
	assert.Equal(t, PlatformKey("production", "", "api"), key("api-7d9f5d67c4-x2x9z", killed))
	assert.Equal(t, key("api-7d9f5d67c4-x2x9z", killed), key("api-7d9f5d67c4-k4b7p", restarting))
	assert.NotEqual(t, key("api-7d9f5d67c4-x2x9z", killed), key("web-7d9f5d67c4-x2x9z", killed))
	assert.NotEqual(t, PlatformKey("production", "", "api"), PlatformKey("", "production", "api"))
}
