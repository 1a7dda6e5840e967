-- The tables of schema 6, as the release that had it made them.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	PRIMARY KEY (version_num)
);
CREATE TABLE mark (
	name VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE library (
	id VARCHAR NOT NULL,
	owner VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	embedding_model VARCHAR NOT NULL,
	dimension INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	vectors INTEGER DEFAULT '0' NOT NULL,
	language VARCHAR DEFAULT '' NOT NULL,
	stays_here BOOLEAN DEFAULT 0 NOT NULL,
	rebuilt INTEGER DEFAULT '0' NOT NULL,
	chosen BOOLEAN DEFAULT 0 NOT NULL,
	removed_at FLOAT,
	removed_name VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (owner, name)
);
CREATE TABLE spending (
	day VARCHAR NOT NULL,
	person VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	nanodollars INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	PRIMARY KEY (day, person, purpose)
);
CREATE TABLE reservation (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	day VARCHAR NOT NULL,
	person VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	nanodollars INTEGER NOT NULL
);
CREATE INDEX ix_reservation_day ON reservation (day);
CREATE TABLE document (
	id VARCHAR NOT NULL,
	library_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	media_type VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	page_count INTEGER NOT NULL,
	paginated BOOLEAN NOT NULL,
	added_at FLOAT NOT NULL,
	chunks INTEGER DEFAULT '0' NOT NULL,
	embedded INTEGER DEFAULT '0' NOT NULL,
	origin VARCHAR DEFAULT '' NOT NULL,
	alone BOOLEAN DEFAULT 0 NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (library_id, sha256),
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE INDEX ix_document_sha256 ON document (sha256);
CREATE TABLE kept_document (
	id VARCHAR NOT NULL,
	library_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	media_type VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	page_count INTEGER NOT NULL,
	paginated BOOLEAN NOT NULL,
	added_at FLOAT NOT NULL,
	chunks INTEGER DEFAULT '0' NOT NULL,
	embedded INTEGER DEFAULT '0' NOT NULL,
	origin VARCHAR DEFAULT '' NOT NULL,
	alone BOOLEAN DEFAULT 0 NOT NULL,
	version_of VARCHAR,
	kept_at FLOAT NOT NULL,
	embedding_model VARCHAR NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE INDEX ix_kept_document_sha256 ON kept_document (sha256);
CREATE INDEX ix_kept_document_version_of ON kept_document (version_of);
CREATE TABLE job (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	library_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	stage VARCHAR NOT NULL,
	done INTEGER NOT NULL,
	total INTEGER NOT NULL,
	outcome VARCHAR NOT NULL,
	document_id VARCHAR,
	parent_id INTEGER,
	estimate JSON,
	attempts INTEGER NOT NULL,
	wish VARCHAR NOT NULL,
	holder VARCHAR NOT NULL,
	held_until FLOAT NOT NULL,
	not_before FLOAT NOT NULL,
	mark VARCHAR NOT NULL,
	origin VARCHAR DEFAULT '' NOT NULL,
	alone BOOLEAN DEFAULT 0 NOT NULL,
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE INDEX ix_job_stage ON job (stage);
CREATE INDEX ix_job_sha256 ON job (sha256);
CREATE TABLE container (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	library_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	origin VARCHAR NOT NULL,
	added_at FLOAT NOT NULL,
	hidden BOOLEAN DEFAULT 0 NOT NULL,
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE INDEX container_by_content ON container (library_id, content);
CREATE TABLE alias (
	library_id VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	PRIMARY KEY (library_id, content, name, origin),
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE TABLE page (
	document_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	label VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	"offset" INTEGER NOT NULL,
	text TEXT NOT NULL,
	words BLOB,
	PRIMARY KEY (document_id, number),
	FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
);
CREATE TABLE table_part (
	document_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	page INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	header JSON NOT NULL,
	rows JSON NOT NULL,
	PRIMARY KEY (document_id, number, page),
	FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
);
CREATE TABLE chunk (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	library_id VARCHAR NOT NULL,
	document_id VARCHAR NOT NULL,
	page INTEGER NOT NULL,
	start INTEGER NOT NULL,
	"end" INTEGER NOT NULL,
	heading JSON NOT NULL,
	tokens INTEGER NOT NULL,
	vector BLOB NOT NULL,
	header VARCHAR DEFAULT '' NOT NULL,
	text_hash BLOB DEFAULT (x'') NOT NULL,
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE,
	FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
);
CREATE INDEX chunk_by_library ON chunk (library_id);
CREATE INDEX chunk_by_place ON chunk (document_id, page, start);
CREATE INDEX chunk_by_text ON chunk (text_hash);
CREATE TABLE kept_page (
	document_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	label VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	"offset" INTEGER NOT NULL,
	text TEXT NOT NULL,
	words BLOB,
	PRIMARY KEY (document_id, number),
	FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
);
CREATE TABLE kept_table_part (
	document_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	page INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	header JSON NOT NULL,
	rows JSON NOT NULL,
	PRIMARY KEY (document_id, number, page),
	FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
);
CREATE TABLE kept_chunk (
	id INTEGER NOT NULL,
	document_id VARCHAR NOT NULL,
	page INTEGER NOT NULL,
	start INTEGER NOT NULL,
	"end" INTEGER NOT NULL,
	heading JSON NOT NULL,
	tokens INTEGER NOT NULL,
	vector BLOB NOT NULL,
	header VARCHAR DEFAULT '' NOT NULL,
	text_hash BLOB DEFAULT (x'') NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
);
CREATE INDEX kept_chunk_by_text ON kept_chunk (text_hash);
CREATE INDEX kept_chunk_by_document ON kept_chunk (document_id);
CREATE TABLE member (
	container_id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	passed BOOLEAN DEFAULT 0 NOT NULL,
	PRIMARY KEY (container_id, number),
	FOREIGN KEY(container_id) REFERENCES container (id) ON DELETE CASCADE
);
CREATE INDEX ix_member_content ON member (content);
INSERT INTO alembic_version VALUES ('6');
PRAGMA user_version=6;
