<?php
// /?author=N  the books of an author, from the shelf when it was asked for in the last minute
// /?longest   the authors who wrote the most pages
declare(strict_types=1);

function shelf(string $request): ?string
{
    [$host, $port] = explode(':', getenv('SHELF'));
    $socket = @stream_socket_client("tcp://$host:$port", $code, $message, 0.5);
    if (!$socket) {
        return null; // a cold shelf is slower, not broken
    }
    fwrite($socket, $request);
    $head = (string) fgets($socket);
    $found = null;
    if (preg_match('/^VALUE \S+ \d+ (\d+)/', $head, $part)) {
        $found = stream_get_contents($socket, (int) $part[1]);
    }
    fclose($socket);
    return $found;
}

function archive(string $sql, array $values = []): array
{
    static $connection;
    $connection ??= new PDO('mysql:host=' . getenv('ARCHIVE') . ';dbname=library', 'reader', trim(file_get_contents('/run/secrets/reader')));
    $statement = $connection->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll(PDO::FETCH_ASSOC);
}

header('content-type: application/json');
if (isset($_GET['longest'])) {
    echo json_encode(archive('SELECT a.name, SUM(b.pages) AS pages FROM authors a JOIN books b ON b.author = a.id GROUP BY a.id ORDER BY pages DESC LIMIT 20'));
    return;
}
$author = 1 + (int) ($_GET['author'] ?? 0) % 2000;
$books = shelf("get author$author\r\n");
if ($books === null) {
    $books = json_encode(archive('SELECT title, pages FROM books WHERE author = ? ORDER BY pages', [$author]));
    shelf("set author$author 0 60 " . strlen($books) . "\r\n$books\r\n");
}
echo $books;
