package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// errNoConnection: no connection could be had, or the one in use was lost.
var errNoConnection = errors.New("PostgreSQL cannot be reached")

// unavailable makes errors of the server and of the way to it ErrUnavailable, and those of a
// context that ended the context's. What the server refuses for its data, or cannot read, it would refuse
// again: that and other errors stay. Nothing of the URL is kept, nor what the server says of logins and databases
// by name.
func unavailable(ctx context.Context, err error) error {
	var failed *pgconn.PgError
	switch {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("PostgreSQL store: %w", context.Cause(ctx))
	case errors.As(err, &failed):
		return answered(failed)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), pgconn.Timeout(err):
		return fmt.Errorf("%w: PostgreSQL did not answer in time", store.ErrUnavailable)
	case errors.Is(err, errNoConnection), errors.As(err, new(*pgconn.ConnectError)), errors.As(err, new(net.Error)), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w%s", store.ErrUnavailable, errNoConnection, reason(err))
	}
	return err
}

// answered explains an error of the server.
func answered(failed *pgconn.PgError) error {
	switch {
	case ofClass(failed, "3D"):
		return fmt.Errorf("%w: PostgreSQL: the database does not exist: create it, or correct its name in the URL (SQLSTATE %s)", store.ErrUnavailable, failed.Code)
	case ofClass(failed, "28000"):
		return fmt.Errorf("%w: PostgreSQL refuses the login: check user, password and database of the URL, and what its pg_hba.conf demands: TLS (sslmode), a client's certificate (sslcert, sslkey), another address (SQLSTATE 28000)", store.ErrUnavailable)
	case ofClass(failed, "28"):
		return fmt.Errorf("%w: PostgreSQL refuses the login: check user, password and database of the URL (SQLSTATE %s)", store.ErrUnavailable, failed.Code)
	case ofClass(failed, "53300"):
		return fmt.Errorf("%w: PostgreSQL has no connection left: raise its max_connections, or lower max_conns (SQLSTATE 53300)", store.ErrUnavailable)
	case ofClass(failed, "26", "42P05"):
		return fmt.Errorf("%w: PostgreSQL: prepared statements get mixed up, as by a pooler in transaction mode: add default_query_exec_mode=cache_describe to the URL (SQLSTATE %s)", store.ErrUnavailable, failed.Code)
	case readOnly(failed):
		return fmt.Errorf("%w: PostgreSQL takes no writes: it is a standby, or set to read only; of several hosts in the URL, target_session_attrs=read-write finds the one that does (SQLSTATE %s)", store.ErrReadOnly, failed.Code)
	case ofClass(failed, "53100"):
		return fmt.Errorf("%w: PostgreSQL: %s: make room on the server, or lower retention::size (SQLSTATE 53100)", store.ErrFull, failed.Message)
	case denied(failed):
		return fmt.Errorf("%w: PostgreSQL: %s: grant the login its role's rights, or run `prodsentinel migrate` with the login that owns the schema (SQLSTATE %s)", store.ErrUnavailable, failed.Message, failed.Code)
	case ofClass(failed, "XX001", "XX002"): // what needs it will never have it
		return fmt.Errorf("PostgreSQL: %w: %s (SQLSTATE %s): restore the table from a backup, or drop its partition", store.ErrDamaged, failed.Message, failed.Code)
	case refused(failed):
		return fmt.Errorf("PostgreSQL refuses the data: %s (SQLSTATE %s)", failed.Message, failed.Code)
	}
	return fmt.Errorf("%w: PostgreSQL: %s (SQLSTATE %s)", store.ErrUnavailable, failed.Message, failed.Code)
}

// reason tells why there is no connection, where that is known.
func reason(err error) string {
	switch {
	case isTLS(err):
		return ": its certificate cannot be trusted, or it does not trust ours: " + tlsProblem(err) + "; check host, sslrootcert and sslcert of the URL"
	case strings.Contains(err.Error(), "server refused TLS"):
		return ": it offers no TLS, which the URL's sslmode demands"
	case errors.Is(err, pgconn.ErrReadOnlyConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		return ": no host that answers takes writes, as the URL's target_session_attrs demands"
	case errors.Is(err, syscall.ECONNREFUSED):
		return ": connection refused"
	case errors.As(err, new(*net.DNSError)):
		return ": its host name cannot be resolved"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return ": there is no route to its address"
	case errors.Is(err, fs.ErrNotExist):
		return ": its socket does not exist"
	case errors.Is(err, net.ErrClosed):
		return ": it did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ": the connection was closed"
	}
	return ""
}

func isTLS(err error) bool { return tlsProblem(err) != "" }

// tlsProblem is what verifying certificates says, which has no secret; "" for errors of another kind.
func tlsProblem(err error) string {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var alert *net.OpError
	switch {
	case errors.As(err, &verification):
		return verification.Error()
	case errors.As(err, &authority):
		return authority.Error()
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &alert) && alert.Op == "remote error": // crypto/tls' word for what the server tells of the handshake
		return alert.Error()
	}
	return ""
}
