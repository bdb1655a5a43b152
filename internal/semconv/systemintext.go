package semconv

import "strings"

// SystemIn returns the database, cache or broker that a text betrays by the name of its driver or by its
// default port; "" where it betrays none.
func SystemIn(text string) string {
	for i := range systemHints {
		h := &systemHints[i]
		for _, name := range h.names {
			if indexName(text, name) >= 0 {
				return h.system
			}
		}
		if h.port != "" && hasPort(text, h.port) {
			return h.system
		}
	}
	return ""
}

// systemHints are in order: what names one driver may be a part of another's text.
var systemHints = []struct {
	system string
	names  []string // lower case, each a word, or one of those that camel case joins
	port   string
}{
	{"postgresql", []string{"psqlexception", "postgres", "postgresql", "postgrex", "npgsql", "pgx", "pgxpool", "pgconn", "psycopg", "asyncpg", "failed to connect to `"}, ":5432"},
	{"mysql", []string{"mysql", "mysqld", "mysqli", "pymysql", "aiomysql", "asyncmy", "myxql", "mariadb"}, ":3306"},
	{"redis", []string{"redis", "rediss", "redisson", "jedis", "ioredis", "aioredis", "phpredis", "predis", "redigo", "redix"}, ":6379"},
	{"mongodb", []string{"mongo", "mongodb", "mongod", "mongos", "mongoose", "mongoid", "pymongo"}, ":27017"},
	{"kafka", []string{"kafka", "kafkajs", "aiokafka", "rdkafka"}, ":9092"},
	{"rabbitmq", []string{"rabbit", "rabbitmq", "amqp", "amqps", "amqplib"}, ":5672"},
	{"aws.dynamodb", []string{"dynamodb", "amazondynamodb"}, ""},
	{"cassandra", []string{"cassandra", "gocql"}, ":9042"},
	{"elasticsearch", []string{"elasticsearch", "opensearch"}, ":9200"},
	{"microsoft.sql_server", []string{"sqlserver", "sqlclient", "mssql"}, ":1433"},
	{"oracle.db", []string{"oracle.jdbc", "oracledb", "ora-"}, ":1521"},
	{"memcached", []string{"memcache", "memcached", "pymemcache", "spymemcached"}, ":11211"},
	{"clickhouse", []string{"clickhouse"}, ""},
	{"neo4j", []string{"neo4j"}, ":7687"},
}

// indexName is where a name begins in a text, in any case and as a word, -1 where nowhere.
func indexName(text, name string) int {
	for i := 0; i+len(name) <= len(text); i++ {
		if lower(text[i]) == name[0] && beginsWord(text, i) && endsWord(text, i+len(name)) && strings.EqualFold(text[i:i+len(name)], name) {
			return i
		}
	}
	return -1
}

// beginsWord reports whether a word begins at an index of a text: shop-redis, shop_redis, ShopRedis.
func beginsWord(text string, at int) bool {
	return at == 0 || !isAlphanumeric(text[at-1]) || isHump(text, at)
}

// endsWord reports whether a word ends before an index of a text: redis-shop, redis1, RedisShop.
func endsWord(text string, at int) bool {
	return at == len(text) || !isLetter(text[at]) || !isLetter(text[at-1]) || isHump(text, at)
}

// isHump reports whether a word begins within camel case at an index: ShopRedis, AMQPConnection.
func isHump(text string, at int) bool {
	return isUpper(text[at]) && (!isUpper(text[at-1]) || at+1 < len(text) && isLetter(text[at+1]) && !isUpper(text[at+1]))
}

// hasPort reports whether a text has the port, and not only its first digits.
func hasPort(text, port string) bool {
	for rest := text; ; {
		i := strings.Index(rest, port)
		if i < 0 {
			return false
		}
		if rest = rest[i+len(port):]; rest == "" || rest[0] < '0' || rest[0] > '9' {
			return true
		}
	}
}

func isAlphanumeric(b byte) bool { return b >= '0' && b <= '9' || isLetter(b) }

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || isUpper(b) }

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }

func lower(b byte) byte {
	if isUpper(b) {
		return b + 'a' - 'A'
	}
	return b
}
