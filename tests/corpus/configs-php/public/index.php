<?php
header('Content-Type: text/plain');
echo "shop\n";
