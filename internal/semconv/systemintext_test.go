package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSystemIn(t *testing.T) {
	for text, want := range map[string]string{
		"shop-postgres-0": "postgresql", "org.postgresql.util.PSQLException: x": "postgresql", "10.0.0.7:5432": "postgresql",
		"NpgsqlConnection": "postgresql", "SELECT mysql_orders": "mysql", "pymysql.err.OperationalError": "mysql", "mariadb.shop.svc": "mysql",
		"ShopRedis.Get": "redis", "shop_redis": "redis", "StackExchange.Redis.RedisTimeoutException": "redis", "cache:6379": "redis",
		"MongoServerError": "mongodb", "confluent_kafka.error": "kafka", "AMQPConnectionError": "rabbitmq", "memcached-1": "memcached",
		"search:9200/_bulk": "elasticsearch", "ORA-12541: TNS:no listener": "oracle.db", "com.microsoft.sqlserver.jdbc": "microsoft.sql_server",
		"": "", "GET /items": "", "10.0.0.7:54321": "",
		"redistribute": "", "amongst": "", "postgresql-ha": "postgresql", "REDIS_URL": "redis", "redis1": "redis",
		"among others": "", "camping of llamas": "", "aurora-1": "", "shop:15432": "",
	} {
		assert.Equal(t, want, SystemIn(text), text)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() { SystemIn("com.mongodb.MongoTimeoutException: Timed out") }))
}

func TestStoreFamily(t *testing.T) {
	assert.Equal(t, "mysql", StoreFamily("mariadb"))
	assert.Equal(t, "redis", StoreFamily("valkey"))
	assert.Equal(t, "postgresql", StoreFamily("postgresql"))
	assert.Empty(t, StoreFamily(""))
}
