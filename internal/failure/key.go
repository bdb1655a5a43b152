package failure

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const untracedPrefix = "untraced:"

// TraceKey is the key of the failure of a trace: its ID in hex.
func TraceKey(id signal.TraceID) string { return id.String() }

// UntracedKey is the key of the failure of an error without a trace: its service with namespace,
// cluster and environment, its signature, and the peer that it names. It does not contain the tenant.
func UntracedKey(o Observed) string {
	if o.Platform != NoPlatforms {
		return PlatformKey(o.Environment, o.Cluster, o.Service)
	}
	sig := SignatureOf(o)
	parts := append([]string{
		strconv.Itoa(SignatureVersion), o.Environment, o.Cluster, o.Namespace, o.Service, o.Peer, sig.Strategy,
	}, sig.Parts...)
	sum := sha256.Sum256(joinParts(parts))
	return untracedPrefix + hex.EncodeToString(sum[:12])
}

// PlatformKey is the key of the failure of all that platforms record of a service's processes, so that traces
// which failed of it can look it up.
func PlatformKey(environment, cluster, service string) string {
	sum := sha256.Sum256(joinParts([]string{strconv.Itoa(SignatureVersion), environment, cluster, service, "platform"}))
	return untracedPrefix + hex.EncodeToString(sum[:12])
}

// Key is the failure's key of an error signal, traced or not.
func Key(o Observed) string {
	if o.TraceID.IsZero() {
		return UntracedKey(o)
	}
	return TraceKey(o.TraceID)
}

// joinParts writes every part with its length, so that no two lists of parts give the same bytes.
func joinParts(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	return b
}
