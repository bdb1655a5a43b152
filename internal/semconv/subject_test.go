package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func mapOf(pairs ...string) (m signal.Map) {
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, signal.KeyValue{Key: pairs[i], Value: signal.Value{Data: pairs[i+1]}})
	}
	return m
}

func TestServiceOfResource(t *testing.T) {
	for want, resource := range map[string]signal.Map{
		"":                    mapOf("host.name", "db-host-3"),
		"named":               mapOf("k8s.deployment.name", "other", "service.name", "named"),
		"deployed":            mapOf("k8s.pod.name", "x-7d9f5d67c4-x2x9z", "k8s.deployment.name", "deployed"),
		"price-fn":            mapOf("faas.name", "price-fn", "cloud.platform", "aws_lambda"),
		"recommender":         mapOf("k8s.object.kind", "Pod", "k8s.object.name", "recommender-7d9f6c-abcde"),
		"recommender-7d9f6c-": mapOf("k8s.object.kind", "Node", "k8s.object.name", "recommender-7d9f6c-"),
		"redis":               mapOf("k8s.pod.name", "redis-0"),
		"sidecar":             mapOf("k8s.container.name", "sidecar"),
	} {
		assert.Equal(t, want, semconv.Service(resource))
	}
}

func TestSubject(t *testing.T) {
	for name, c := range map[string]struct {
		fields     signal.Map
		text, want string
	}{
		"a unit that systemd tells of": {mapOf("_SYSTEMD_UNIT", "init.scope", "UNIT", "orders.service", "SYSLOG_IDENTIFIER", "systemd"), "", "orders"},
		"a unit's own":                 {mapOf("_SYSTEMD_UNIT", "nginx.service", "SYSLOG_IDENTIFIER", "nginx"), "", "nginx"},
		"an instance of a template":    {mapOf("UNIT", "worker@7.service"), "", "worker"},
		"a container":                  {mapOf("CONTAINER_NAME", "cart", "_SYSTEMD_UNIT", "docker.service"), "", "cart"},
		"the kernel":                   {mapOf("SYSLOG_IDENTIFIER", "kernel", "_HOSTNAME", "db-host-3"), "", "db-host-3"},
		"the kernel, host unknown":     {mapOf("_TRANSPORT", "kernel"), "", "resource-host"},
		"a program":                    {mapOf("SYSLOG_IDENTIFIER", "sshd"), "", "sshd"},
		"a line of systemd":            {nil, "Nov 30 00:00:00 h systemd[1]: orders.service: Failed with result 'oom-kill'.", "orders"},
		"a line of the kernel":         {nil, "Nov 30 00:00:00 h kernel: Out of memory: Killed process 7 (java)", "resource-host"},
		"a line of an application":     {nil, "cannot pay", ""},
		"a scope":                      {mapOf("_SYSTEMD_UNIT", "session-3.scope"), "", ""},
	} {
		assert.Equal(t, c.want, semconv.Subject(c.fields, c.text, "resource-host"), name)
	}
}
