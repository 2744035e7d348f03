CREATE TABLE authors (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL);
INSERT INTO authors SELECT seq, CONCAT('Author ', MD5(seq)) FROM seq_1_to_2000;

CREATE TABLE books (id INT PRIMARY KEY, author INT NOT NULL, title VARCHAR(80) NOT NULL, pages INT NOT NULL, KEY (author));
INSERT INTO books SELECT seq, 1 + (seq * 7919) MOD 2000, CONCAT('Book ', MD5(seq)), 80 + seq MOD 700 FROM seq_1_to_100000;
