import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.aggregation.Aggregation;
import de.bwaldvogel.mongo.backend.aggregation.stage.AddFieldsStage;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.NoopOplog;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/**
 * The MongoDB server of the tests: mongo-java-server, which keeps its documents in one file. What
 * it lacks is added here, out of its own parts: the `hello` command, updates that are a pipeline of
 * one `$set` (in findAndModify), a write that is in the file before it is answered, documents
 * that change all at once for whoever reads them, a look at the key before the other conditions of a
 * query, an end of the process when the file cannot be written, and a wire version that today's
 * clients speak to.
 *
 * <p>Arguments: port, file.
 */
public final class Server {
  private static final String KEY = "_id";
  private static final int CACHE_MB = 256;
  /** The exit code of a mongod that gives up. */
  private static final int ABRUPT_END = 14;

  public static void main(String[] args) {
    MVStore.Builder settings = new MVStore.Builder().fileName(args[1]).autoCommitDisabled();
    // Documents that are not in memory are slow to read: all of a page, by Java's serialization.
    MVStore file = settings.cacheSize(CACHE_MB).open();
    MongoServer server = new MongoServer(new Backend(file));
    server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
  }

  /** The wire of MongoDB 6.0. */
  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(6, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 17;
    }
  }

  private static final class Backend extends H2Backend {
    private static final Set<String> READS =
        Set.of("find", "aggregate", "hello", "ismaster", "isMaster", "ping", "count", "getMore");
    private final MVStore file;
    /** Of a document a reader sees the state before a write or after it, as MongoDB has it. */
    private final ReadWriteLock documents = new ReentrantReadWriteLock();

    Backend(MVStore file) {
      super(file);
      this.file = file;
      version(new Version());
    }

    @Override
    public Document handleMessage(MongoMessage message) {
      try {
        Document answer = answerTo(message);
        // Whoever comes to a file that a write failed on would not be told by it.
        if (!file.isClosed()) {
          return answer;
        }
      } catch (MVStoreException failure) {
        failure.printStackTrace();
      }
      // Such a file is of no use any more: the server ends, as mongod does.
      Runtime.getRuntime().halt(ABRUPT_END);
      return null;
    }

    private Document answerTo(MongoMessage message) {
      Document command = message.getDocument();
      String name = command.keySet().iterator().next();
      boolean isRead = READS.contains(name);
      Lock lock = isRead ? documents.readLock() : documents.writeLock();
      Document answer;
      lock.lock();
      try {
        // The answer holds the documents themselves, and a write changes them field by field.
        answer = run(message, command, name).cloneDeeply();
      } finally {
        lock.unlock();
      }
      if (!isRead) {
        file.commit();
      }
      return answer;
    }

    private Document run(MongoMessage message, Document command, String name) {
      if (name.equals("hello")) {
        return super.handleMessage(renamed(message, command, "ismaster"));
      }
      if (name.equals("aggregate") && keyedMatchOf(command) != null) {
        return aggregateByKey(message, command);
      }
      boolean isPipeline = command.get("update") instanceof List;
      if (!name.equalsIgnoreCase("findAndModify") || !isPipeline) {
        return super.handleMessage(message);
      }
      String place = (String) command.get(name);
      MongoCollection<?> collection =
          resolveDatabase(message.getDatabaseName()).resolveCollection(place, false);
      if (collection == null) {
        command.put("update", new Document("$set", new Document("none", 1)));
        return super.handleMessage(message);
      }
      command.put("update", new Document("$set", changesOf(collection, command)));
      return super.handleMessage(message);
    }

    /** What the pipeline sets in the document that the query finds now. */
    private static Document changesOf(MongoCollection<?> collection, Document command) {
      List<?> pipeline = (List<?>) command.get("update");
      Document stage = (Document) pipeline.get(0);
      if (pipeline.size() != 1 || !Set.of("$set").equals(stage.keySet())) {
        throw new UnsupportedOperationException("a pipeline of one $set only");
      }
      Document fields = (Document) stage.get("$set");
      Document query = (Document) command.get("query");
      Document changes = new Document();
      collection
          .handleQueryAsStream(query)
          .limit(1)
          .flatMap(found -> new AddFieldsStage(fields).apply(Stream.of(found.cloneDeeply())))
          .forEach(made -> fields.keySet().forEach(key -> changes.put(key, made.get(key))));
      return changes.isEmpty() ? new Document("none", 1) : changes;
    }

    /** The `$match` by which a pipeline begins, if it names keys. */
    private static Document keyedMatchOf(Document command) {
      List<Document> pipeline = Aggregation.parse(command.get("pipeline"));
      Document match = pipeline.isEmpty() ? null : (Document) pipeline.get(0).get("$match");
      return match != null && match.containsKey(KEY) ? match : null;
    }

    /** What the server itself would look for among all documents, and answer in one batch. */
    private Document aggregateByKey(MongoMessage message, Document command) {
      MongoDatabase database = resolveDatabase(message.getDatabaseName());
      String place = (String) command.get("aggregate");
      MongoCollection<?> collection = database.resolveCollection(place, false);
      List<Document> found = List.of();
      if (collection != null) {
        List<Document> pipeline = Aggregation.parse(command.get("pipeline"));
        Stream<Document> known = collection.handleQueryAsStream(keyedMatchOf(command));
        found =
            Aggregation.fromPipeline(
                    pipeline, this::resolveDatabase, database, collection, NoopOplog.get())
                .runStages(known);
      }
      Document cursor = new Document("id", 0L);
      cursor.append("ns", message.getDatabaseName() + "." + place).append("firstBatch", found);
      return new Document("cursor", cursor).append("ok", 1.0);
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
      // Both are called from constructors of the parents: no field of this class is set by then.
      return new H2Database(name, getMvStore(), getCursorRegistry()) {
        @Override
        protected MongoCollection<Object> openOrCreateCollection(
            String place, CollectionOptions options) {
          String full = getFullCollectionNamespace(place);
          MVMap<Object, Document> data = getMvStore().openMap("databases." + full);
          MVMap<String, Object> meta = getMvStore().openMap("meta." + full);
          return new KeyedCollection(this, place, options, data, meta, cursorRegistry);
        }
      };
    }

    private static MongoMessage renamed(MongoMessage message, Document command, String name) {
      Document other = new Document(name, 1);
      command.forEach(
          (key, value) -> {
            if (!key.equals("hello")) {
              other.put(key, value);
            }
          });
      return new MongoMessage(message.getChannel(), message.getHeader(), other);
    }

    @Override
    public void close() {
      super.close();
      file.close();
    }
  }

  /** Looks a key up and then at the other conditions, where the parent goes through all there is. */
  private static final class KeyedCollection extends H2Collection {
    KeyedCollection(
        MongoDatabase database,
        String name,
        CollectionOptions options,
        MVMap<Object, Document> data,
        MVMap<String, Object> meta,
        CursorRegistry cursors) {
      super(database, name, options, data, meta, cursors);
    }

    @Override
    protected QueryResult matchDocuments(
        Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
      if (query.containsKey(KEY)) {
        Document key = new Document(KEY, query.get(KEY));
        for (Index<Object> index : getIndexes()) {
          if (index.canHandle(key)) {
            Iterable<Object> places = index.getPositions(key);
            return matchDocuments(query, places, orderBy, skip, limit, batchSize, fields);
          }
        }
      }
      return super.matchDocuments(query, orderBy, skip, limit, batchSize, fields);
    }
  }

  private Server() {}
}
