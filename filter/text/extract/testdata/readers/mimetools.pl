# What MIME::Tools finds in each message of a directory: a line with the name of the file and, in base64, the texts
# and names.
use strict;
use warnings;
use Encode;
use MIME::Base64;
use MIME::Parser;

sub found {
    my ($entity) = @_;
    my @texts;
    my $subject = eval { $entity->head->get('subject') };
    push @texts, eval { encode('UTF-8', decode('MIME-Header', $subject)) } // '' if defined $subject;
    my $name = eval { $entity->head->recommended_filename };
    push @texts, encode('UTF-8', $name) if defined $name;
    if (my $body = $entity->bodyhandle) {
        my $octets = $body->as_string;
        push @texts, $octets;
        my $charset = eval { $entity->head->mime_attr('content-type.charset') };
        my $text = eval { encode('UTF-8', decode($charset || 'UTF-8', $octets)) };
        push @texts, $text if defined $text;
    }
    push @texts, found($_) for $entity->parts;
    return @texts;
}

local $SIG{__WARN__} = sub { };
opendir(my $dir, $ARGV[0]) or die "$ARGV[0]: $!";
for my $file (sort grep { !/^\./ } readdir $dir) {
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    my $entity = eval { $parser->parse_open("$ARGV[0]/$file") };
    my @texts = $entity ? eval { found($entity) } : ();
    print "$file\t", encode_base64(join("\n", map { utf8::is_utf8($_) ? encode('UTF-8', $_) : $_ } @texts), ''), "\n";
}
