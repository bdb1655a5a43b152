package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// replies are the answers of a server that cannot be used, by a word in them.
var replies = []struct{ word, problem string }{
	{"WRONGPASS", "refuses the user name or password; check redis::username and redis::password, or the URL"},
	{"invalid password", "refuses the password; check redis::password, or the URL"},
	{"NOAUTH", "asks for a password; set redis::password, or give it in the URL"},
	{"READONLY", "is a read-only replica; it becomes usable when it is promoted, or the address is the primary's"},
	{"OOM", "has no memory left (maxmemory)"},
	{"LOADING", "is loading its data after a start"},
	{"CLUSTERDOWN", "is a cluster that is not complete"},
	{"cluster has no nodes", "is a cluster that is not complete"},
	{"MISCONF", "accepts no writes, because it cannot save its data (MISCONF)"},
	{"NOREPLICAS", "accepts no writes without enough replicas (min-replicas-to-write)"},
	{"WRONGTYPE", "has keys of another program under the configured prefix; set another redis::key_prefix"},
	{"max number of clients", "accepts no more connections (maxclients)"},
	{"DB index is out of range", "has no database of the configured number; check redis::db, or the URL"},
	{"cluster support disabled", "is no cluster; give one address, or unset redis::cluster"},
	{"all sentinels specified in configuration are unreachable", "cannot be found: no sentinel knows the server; check redis::addrs and redis::master_name"},
}

// inScript is how a server refuses a command of a script.
const inScript = "can't run this command"

var refusedCommand = regexp.MustCompile(`to run the '([a-z|]+)' command`)

// explain tells in plain words why Redis cannot be used. It repeats nothing that could hold a
// secret.
func explain(err error, timeout time.Duration) string { return "Redis " + reason(err, timeout) }

func reason(err error, timeout time.Duration) string {
	text := err.Error()
	if strings.Contains(text, "NOPERM") || strings.Contains(text, inScript) {
		return "denies its user " + denied(text) + "; the extension's README has the ACL rule that is needed"
	}
	for _, r := range replies {
		if strings.Contains(text, r.word) {
			return r.problem
		}
	}
	var timedOut net.Error
	var reply redis.Error
	switch {
	case isTLS(err):
		return "cannot be trusted, or does not trust us: " + text
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot be reached: connection refused"
	case errors.As(err, new(*net.DNSError)):
		return "cannot be reached: its host name cannot be resolved"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout(),
		errors.Is(err, redis.ErrPoolTimeout):
		return fmt.Sprintf("does not answer within %s", timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "closed the connection; if it always does, it may expect TLS (rediss://)"
	case errors.As(err, new(*net.OpError)):
		return "cannot be reached"
	case errors.As(err, &reply):
		word, _, _ := strings.Cut(reply.Error(), " ")
		return fmt.Sprintf("answers with an error (%.40q)", word)
	default:
		return "cannot be used"
	}
}

func denied(text string) string {
	switch command := refusedCommand.FindStringSubmatch(text); {
	case command != nil:
		return "the command " + command[1]
	case strings.Contains(text, inScript):
		return "the command get or the command del, which are part of a script"
	case strings.Contains(text, "channel"):
		return "a channel under the configured prefix"
	default:
		return "keys under the configured prefix"
	}
}

func isTLS(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) ||
		errors.As(err, new(tls.AlertError)) || errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError)) ||
		strings.Contains(err.Error(), "remote error: tls:")
}
